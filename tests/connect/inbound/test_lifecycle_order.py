"""Lifecycle events in any order, the audit trail, and signals."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.connect import (
    find_tenant,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_uninstalled,
)
from app.connect.tenants.models import InstallKind, Tenant
from app.extensions import db
from tests.connect.inbound.lifecycle_events import (
    EVENTS,
    NOW,
    Send,
    is_installed,
    secret_of,
    token_for,
)
from tests.example import create_app
from tests.signing import (
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    SECRET,
    SITE,
    install_token,
)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({}, InstallKind.UPGRADE, id="upgrade"),
        pytest.param({"displayUrl": MISSING}, InstallKind.UPGRADE, id="display-url"),
        pytest.param(
            {"sharedSecret": OTHER_SECRET}, InstallKind.SECRET_ROTATION, id="secret"
        ),
        pytest.param(
            {"baseUrl": "https://renamed.atlassian.net/wiki"},
            InstallKind.BASE_URL_CHANGE,
            id="base-url",
        ),
        pytest.param(
            {
                "baseUrl": "https://renamed.atlassian.net/wiki",
                "sharedSecret": OTHER_SECRET,
            },
            InstallKind.BASE_URL_CHANGE,
            id="base-url-and-secret",
        ),
        pytest.param({"baseUrl": f"{SITE}/"}, InstallKind.UPGRADE, id="same-base-url"),
    ],
)
def test_an_install_of_a_known_tenant_says_its_kind(
    app: Flask,
    send: Send,
    audit: Callable[[], list[Any]],
    changes: dict[str, Any],
    kind: InstallKind,
) -> None:
    told = []

    def listen(sender: Flask, **about: Any) -> None:
        told.append((sender, about))

    with tenant_installed.connected_to(listen):
        assert send("installed").status_code == 204
        assert send("installed", **changes).status_code == 204
    assert [about["kind"] for _, about in told] == [InstallKind.FIRST, kind]
    assert all(sender is app for sender, _ in told)
    assert told[0][1]["tenant"].client_key == CLIENT_KEY
    assert audit() == [
        ("installed", {"kind": "first install"}),
        ("installed", {"kind": kind.value}),
    ]
    assert secret_of(app) == changes.get("sharedSecret", SECRET)


def test_a_return_keeps_the_row_and_says_so(
    send: Send, find: Callable[..., Tenant], audit: Callable[[], list[Any]]
) -> None:
    assert send("installed").status_code == 204
    first = find()
    assert send("disabled").status_code == 204
    assert send("uninstalled").status_code == 204
    gone = find()
    assert gone.state == "uninstalled"
    assert gone.uninstalled_at is not None
    assert send("installed").status_code == 204
    back = find()
    assert back.id == first.id
    assert back.state == "enabled"
    assert back.uninstalled_at is None
    assert back.installed_at >= first.installed_at
    assert audit() == [
        ("installed", {"kind": "first install"}),
        ("disabled", {}),
        ("uninstalled", {}),
        ("installed", {"kind": "return after uninstall"}),
    ]


@pytest.mark.parametrize(
    "order",
    [("disabled", "uninstalled"), ("uninstalled", "disabled")],
    ids=["disabled-first", "uninstalled-first"],
)
def test_disabled_and_uninstalled_arrive_in_any_order(
    send: Send, find: Callable[..., Tenant], order: tuple[str, str]
) -> None:
    assert send("installed").status_code == 204
    for event in order:
        assert send(event).status_code == 204
    assert find().state == "uninstalled"
    assert not find().enabled


def test_a_second_uninstall_keeps_the_time_of_the_first(
    send: Send, find: Callable[..., Tenant]
) -> None:
    assert send("installed").status_code == 204
    assert send("uninstalled").status_code == 204
    first = find().uninstalled_at
    assert send("uninstalled").status_code == 204
    assert find().uninstalled_at == first


def test_the_uninstall_of_an_unknown_tenant_is_no_error(
    app: Flask, send: Send, audit: Callable[[], list[Any]]
) -> None:
    answer = send("uninstalled", clientKey="unknown")
    assert (answer.status_code, answer.data) == (204, b"")
    assert audit() == []
    assert not is_installed(app, "unknown")


@pytest.mark.parametrize("event", ["enabled", "disabled"])
def test_another_event_of_an_unknown_tenant_is_refused(send: Send, event: str) -> None:
    assert send(event).status_code == 401


@pytest.mark.parametrize(
    ("event", "signal"),
    [
        ("uninstalled", tenant_uninstalled),
        ("enabled", tenant_enabled),
        ("disabled", tenant_disabled),
    ],
)
def test_a_signal_is_sent_after_the_commit(
    app: Flask,
    config: dict[str, Any],
    send: Send,
    find: Callable[..., Tenant],
    event: str,
    signal: Any,
) -> None:
    other = create_app(config)
    seen = []

    def listen(sender: Flask, *, tenant: Tenant) -> None:
        with other.app_context():
            # Another connection sees it, so it has been committed.
            seen.append((tenant, find_tenant(tenant.client_key)))

    assert send("installed").status_code == 204
    with signal.connected_to(listen):
        assert send(event).status_code == 204
        assert send(event, token="x").status_code == 401
    assert seen == [(find(), find())]
    with other.app_context():
        db.engine.dispose()


def test_the_signal_of_an_install_is_sent_after_the_commit(
    config: dict[str, Any], send: Send
) -> None:
    other = create_app(config)
    seen = []

    def listen(sender: Flask, *, tenant: Tenant, kind: InstallKind) -> None:
        with other.app_context():
            seen.append(find_tenant(tenant.client_key) == tenant)

    with tenant_installed.connected_to(listen):
        assert send("installed").status_code == 204
    assert seen == [True]
    with other.app_context():
        db.engine.dispose()


def test_a_subscriber_that_raises_fails_neither_the_install_nor_the_others(
    app: Flask, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    def broken(sender: Flask, **about: Any) -> None:
        called.append("broken")
        raise LookupError("a mistake")

    def fine(sender: Flask, **about: Any) -> None:
        called.append("fine")

    with tenant_installed.connected_to(broken), tenant_installed.connected_to(fine):
        assert send("installed").status_code == 204
    assert sorted(called) == ["broken", "fine"]
    assert "a subscriber of tenant-installed failed" in caplog.text
    assert SECRET not in caplog.text
    assert is_installed(app)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_older_than_the_newest_install_changes_nothing(
    app: Flask,
    send: Send,
    find: Callable[..., Tenant],
    audit: Callable[[], list[Any]],
    event: str,
) -> None:
    told = []

    def listen(sender: Flask, **about: Any) -> None:
        told.append(about)

    assert send("installed", token=install_token(iat=NOW - 5)).status_code == 204
    before = find()
    signals = (tenant_installed, tenant_uninstalled, tenant_enabled, tenant_disabled)
    for signal in signals:
        signal.connect(listen)
    try:
        token = token_for(event, iat=NOW - 6)
        body = {"sharedSecret": OTHER_SECRET} if event == "installed" else {}
        # An install that was not stored must not look as if it was.
        expected = 409 if event == "installed" else 204
        assert send(event, token=token, **body).status_code == expected
    finally:
        for signal in signals:
            signal.disconnect(listen)
    assert told == []
    assert find() == before
    assert secret_of(app) == SECRET
    assert audit()[1:] == [(event, {"outcome": "outdated"})]
    assert send(event, token=token_for(event, iat=NOW - 5)).status_code == 204


def test_an_install_older_than_the_uninstall_does_not_bring_a_tenant_back(
    app: Flask, send: Send, audit: Callable[[], list[Any]]
) -> None:
    old = install_token(iat=NOW - 9)
    assert send("installed", token=old).status_code == 204
    gone = install_token("/uninstalled", iat=NOW - 5)
    assert send("uninstalled", token=gone).status_code == 204
    answer = send("installed", token=old)
    assert (answer.status_code, answer.json) == (409, {"error": "outdated"})
    assert not is_installed(app)
    assert audit()[-1] == ("installed", {"outcome": "outdated"})
    assert send("installed", token=install_token(iat=NOW - 4)).status_code == 204
    assert is_installed(app)


def test_an_install_right_after_an_uninstall_by_a_clock_ahead_fails_visibly(
    app: Flask, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    """Answered 204, the host would use a secret that was never stored."""
    assert send("installed", token=install_token(iat=NOW - 9)).status_code == 204
    ahead = install_token("/uninstalled", iat=NOW + 5)
    assert send("uninstalled", token=ahead).status_code == 204
    later = install_token(iat=NOW + 2)
    answer = send("installed", token=later, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 409
    assert not is_installed(app)
    assert "install the app again" in caplog.text
    assert OTHER_SECRET not in caplog.text
    again = install_token(iat=NOW + 6)
    answer = send("installed", token=again, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 204
    assert secret_of(app) == OTHER_SECRET
