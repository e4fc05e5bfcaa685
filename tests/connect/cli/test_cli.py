"""``flask connect tenants`` and ``flask connect purge``."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.connect import find_tenant, tenant_purged
from app.connect.db.columns import utc_now
from app.connect.tenants.models import TenantEvent
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.connect.cli.commands import (
    connect,
    install,
    uninstall,
)
from tests.example import create_app


def disable(app: Flask, client_key: str) -> None:
    with app.app_context():
        issued_at = utc_now().timestamp()
        get_state().tenants.set_enabled(client_key, enabled=False, issued_at=issued_at)


def test_the_commands_are_explained(app: Flask) -> None:
    done = connect(app, "--help")
    assert done.exit_code == 0
    for command in ("doctor", "tenants", "purge", "rotate-keys", "new-secrets"):
        assert f"\n  {command} " in done.output


@pytest.fixture
def three_tenants(app: Flask) -> None:
    """One tenant in each state."""
    for client_key in ("one", "two", "three"):
        install(app, client_key)
    disable(app, "two")
    uninstall(app, "three", days_ago=1)


@pytest.mark.usefixtures("three_tenants")
def test_tenants_are_listed_in_the_order_they_came(app: Flask) -> None:
    done = connect(app, "tenants")
    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()] == [
        ["enabled", "confluence", "https://one.atlassian.net/wiki", "one"],
        ["disabled", "confluence", "https://two.atlassian.net/wiki", "two"],
        ["uninstalled", "confluence", "https://three.atlassian.net/wiki", "three"],
    ]


@pytest.mark.usefixtures("three_tenants")
@pytest.mark.parametrize(
    ("state", "client_key"),
    [("enabled", "one"), ("disabled", "two"), ("uninstalled", "three")],
)
def test_tenants_are_listed_by_state(app: Flask, state: str, client_key: str) -> None:
    done = connect(app, "tenants", "--state", state)
    assert done.exit_code == 0
    assert [line.split()[-1] for line in done.output.splitlines()] == [client_key]


@pytest.mark.usefixtures("three_tenants")
def test_tenants_are_listed_as_json(app: Flask) -> None:
    done = connect(app, "tenants", "--json")
    assert done.exit_code == 0
    listed = [json.loads(line) for line in done.output.splitlines()]
    assert [tenant["client_key"] for tenant in listed] == ["one", "two", "three"]
    assert [tenant["state"] for tenant in listed] == [
        "enabled",
        "disabled",
        "uninstalled",
    ]
    assert listed[0]["base_url"] == "https://one.atlassian.net/wiki"
    assert listed[0]["uninstalled_at"] is None
    assert listed[2]["uninstalled_at"].endswith("+00:00")
    assert not any("secret" in name for name in listed[0])


def test_without_tenants_nothing_is_printed(app: Flask) -> None:
    done = connect(app, "tenants")
    assert (done.exit_code, done.output) == (0, "")


def test_another_state_is_refused(app: Flask) -> None:
    done = connect(app, "tenants", "--state", "purged")
    assert done.exit_code == 2
    assert "'enabled', 'disabled', 'uninstalled'" in done.output


@pytest.fixture
def leaving(app: Flask) -> Iterator[list[str]]:
    """Tenants that uninstalled long ago, recently, or never; and the purged keys."""
    for client_key in ("long-gone", "longer-gone", "lately-gone", "back", "here"):
        install(app, client_key)
    uninstall(app, "long-gone", days_ago=60.01)
    uninstall(app, "longer-gone", days_ago=1_000)
    uninstall(app, "lately-gone", days_ago=59.99)
    uninstall(app, "back", days_ago=1_000)
    install(app, "back", signing.OTHER_SECRET)
    purged: list[str] = []

    def note(sender: Flask, client_key: str) -> None:
        assert sender is app
        purged.append(client_key)

    with tenant_purged.connected_to(note):
        yield purged


def kept(app: Flask) -> list[str]:
    with app.app_context():
        return [tenant.client_key for tenant in get_state().tenants.iterate()]


def test_tenants_long_gone_are_purged(app: Flask, leaving: list[str]) -> None:
    done = connect(app, "purge")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == ["long-gone", "longer-gone"]
    assert done.stderr == "2 purged, uninstalled over 60 days ago\n"
    assert kept(app) == ["lately-gone", "back", "here"]
    assert sorted(leaving) == ["long-gone", "longer-gone"]
    with app.app_context():
        assert find_tenant("long-gone") is None
        events = db.session.execute(
            select(TenantEvent.event).where(TenantEvent.client_key == "long-gone")
        )
        assert events.scalars().all() == ["installed", "uninstalled", "purged"]

    again = connect(app, "purge")
    assert again.stdout == ""
    assert again.stderr == "0 purged, uninstalled over 60 days ago\n"


def test_a_dry_run_purges_nothing(app: Flask, leaving: list[str]) -> None:
    before = kept(app)
    done = connect(app, "purge", "--dry-run")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == ["long-gone", "longer-gone"]
    assert done.stderr == "2 would be purged, uninstalled over 60 days ago\n"
    assert kept(app) == before
    assert leaving == []
    with app.app_context():
        events = db.session.execute(select(TenantEvent.event)).scalars()
        assert "purged" not in events


@pytest.mark.parametrize(
    ("days", "purged"),
    [
        ("0", ["lately-gone", "long-gone", "longer-gone"]),
        ("61", ["longer-gone"]),
        ("36500", []),
    ],
)
@pytest.mark.usefixtures("leaving")
def test_the_retention_time_is_a_setting(
    config: dict[str, Any], days: str, purged: list[str]
) -> None:
    app = create_app(config | {"CONNECT_TENANT_RETENTION_DAYS": days})
    done = connect(app, "purge")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == purged


def test_a_failing_subscriber_does_not_stop_the_purge(
    app: Flask, leaving: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(sender: Flask, client_key: str) -> None:
        raise RuntimeError("subscriber")

    with tenant_purged.connected_to(fail):
        assert connect(app, "purge").exit_code == 0
    assert len(leaving) == 2
    assert "a subscriber of tenant-purged failed" in caplog.text
