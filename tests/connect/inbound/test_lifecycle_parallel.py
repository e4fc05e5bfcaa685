"""Lifecycle events that arrive at the same moment."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect import find_tenant, tenant_installed
from app.connect.tenants.models import InstallKind
from app.connect.tenants.state import get_state
from tests.connect.inbound.lifecycle_events import (
    CLOUD_ID,
    EVENTS,
    INSTALLATION_ID,
    NOW,
    deliver,
    secret_of,
    token_for,
)
from tests.signing import (
    CLIENT_KEY,
    OTHER_SECRET,
    authorization,
    host_token,
    install_token,
)

Event = tuple[str, str, dict[str, Any]]


def in_parallel(app: Flask, events: list[Event]) -> list[int]:
    """Deliver events at once, each from its own thread; return the statuses."""
    start = threading.Barrier(len(events))
    answers: dict[int, int] = {}

    def run(number: int, event: str, token: str, body: dict[str, Any]) -> None:
        start.wait(30)
        answer = deliver(app.test_client(), event, token=token, **body)
        answers[number] = answer.status_code

    threads = [
        threading.Thread(target=run, args=(number, *request))
        for number, request in enumerate(events)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(events))]


@pytest.fixture
def shared(each_database: None, app: Flask) -> Flask:
    """The app on each of the two databases."""
    return app


def test_both_databases_tell_the_kinds_of_install_apart(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    client = shared.test_client()
    kinds = []

    def listen(sender: Flask, *, kind: InstallKind, **_: Any) -> None:
        kinds.append(kind)

    with tenant_installed.connected_to(listen):
        for changes in ({}, {}, {"sharedSecret": OTHER_SECRET}):
            assert deliver(client, "installed", **changes).status_code == 204
        assert deliver(client, "uninstalled").status_code == 204
        assert deliver(client, "installed").status_code == 204
    assert kinds == [
        InstallKind.FIRST,
        InstallKind.UPGRADE,
        InstallKind.SECRET_ROTATION,
        InstallKind.RETURN,
    ]
    with shared.app_context():
        tenant = find_tenant(CLIENT_KEY)
    assert tenant is not None
    assert tenant.installed_at.utcoffset() == timedelta(0)


COUNT = 8


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_parallel_installs_never_fail_and_the_newest_secret_wins(
    shared: Flask, keys: responses.RequestsMock, known: bool
) -> None:
    if known:
        token = install_token(iat=NOW - 100)
        answer = deliver(shared.test_client(), "installed", token=token)
        assert answer.status_code == 204
    order = [3, 7, 0, 5, 1, 6, 2, 4]
    installs = [
        (
            "installed",
            install_token(iat=NOW - 50 + number),
            {"sharedSecret": f"ATCO{number}" + "x" * 50},
        )
        for number in order
    ]
    statuses = in_parallel(shared, installs)
    # One that comes after a newer one is told so.
    assert set(statuses) <= {204, 409}
    assert statuses[order.index(7)] == 204
    assert secret_of(shared) == "ATCO7" + "x" * 50
    newest = host_token(secret="ATCO7" + "x" * 50)
    client = shared.test_client()
    assert client.get("/overview", headers=authorization(newest)).status_code == 200


def test_parallel_installs_of_one_imported_site_never_fail(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    for number in range(5):
        keys_ = (f"old{number}", f"new{number}")
        installs = [
            ("installed", install_token(iss=k), {"clientKey": k, **ids}) for k in keys_
        ]
        assert in_parallel(shared, installs) == [204, 204]
    with shared.app_context():
        tenants = list(get_state().tenants.iterate())
    assert len(tenants) == 10
    assert sum(tenant.cloud_id == CLOUD_ID for tenant in tenants) == 1
    assert sum(tenant.installation_id == INSTALLATION_ID for tenant in tenants) == 1


def test_parallel_events_of_all_kinds_never_fail(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    token = install_token(iat=NOW - 100)
    assert deliver(shared.test_client(), "installed", token=token).status_code == 204
    events: list[tuple[str, str, dict[str, Any]]]
    events = [(e, token_for(e, iat=NOW - 50), {}) for e in (*EVENTS, *EVENTS)]
    statuses = in_parallel(shared, events)
    for (event, *_), status in zip(events, statuses, strict=True):
        # A tenant that is uninstalled by then can't be enabled.
        assert status == 204 or (event, status) == ("enabled", 401)
