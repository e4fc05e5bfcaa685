"""``flask connect tenant``, and the filters of ``flask connect tenants``."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import update

from app.connect.db.columns import utc_now
from app.connect.tenants.models import TenantRecord
from app.extensions import db
from tests import signing
from tests.connect.cli.commands import connect, install, uninstall

ADDON = (
    f"https://one.atlassian.net/wiki/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
)


@pytest.fixture(autouse=True)
def _three_tenants(app: Flask) -> None:
    for client_key in ("one", "two", "three"):
        install(app, client_key)
    change(app, "one", cloud_id="c10d-1", display_url="https://wiki.example.com")


def change(app: Flask, client_key: str, **values: Any) -> None:
    with app.app_context(), db.engine.begin() as connection:
        row = update(TenantRecord).where(TenantRecord.client_key == client_key)
        connection.execute(row.values(values))


def listed(app: Flask, *options: str) -> list[str]:
    done = connect(app, "tenants", *options)
    assert done.exit_code == 0
    return [line.split()[-1] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two.atlassian", ["two"]),
        ("TWO", ["two"]),
        ("T", ["one", "two", "three"]),
        ("https://two.atlassian.net/wiki/spaces/DS/pages/1?a=b", ["two"]),
        ("wiki.example.com", ["one"]),
        ("c10d", ["one"]),
        ("four", []),
    ],
)
def test_tenants_are_found_by_a_part_of_a_name(
    app: Flask, text: str, found: list[str]
) -> None:
    assert listed(app, "--find", text) == found


def test_tenants_that_are_silent_are_listed(app: Flask) -> None:
    month_ago = utc_now() - timedelta(days=30)
    change(app, "one", last_seen_at=month_ago)
    # From before it was noted: it was last heard of when it changed.
    change(app, "two", last_seen_at=None, updated_at=month_ago)
    change(app, "three", last_seen_at=utc_now() - timedelta(days=2))
    assert listed(app, "--silent-for", "7") == ["one", "two"]
    assert listed(app, "--silent-for", "1") == ["one", "two", "three"]
    assert listed(app, "--silent-for", "31") == []
    assert listed(app, "--silent-for", "7", "--find", "two") == ["two"]
    uninstall(app, "one", days_ago=10)
    change(app, "one", last_seen_at=month_ago)
    assert listed(app, "--silent-for", "7") == ["two"]


@pytest.mark.parametrize("days", ["0", "-1", "x", "36501"])
def test_days_of_silence_are_a_number(app: Flask, days: str) -> None:
    assert connect(app, "tenants", "--silent-for", days).exit_code == 2


@pytest.mark.parametrize("name", ["one", "https://one.atlassian.net/wiki", "c10d-1"])
def test_a_tenant_is_shown_with_its_history(app: Flask, name: str) -> None:
    uninstall(app, "one", days_ago=0)
    done = connect(app, "tenant", name)
    assert done.exit_code == 0
    lines = {line[:20].strip(): line[21:] for line in done.stdout.splitlines()}
    assert lines["client key"] == "one"
    assert lines["state"] == "uninstalled"
    assert lines["base url"] == "https://one.atlassian.net/wiki"
    today = f"{utc_now():%Y-%m-%d}"
    assert lines["last seen at"].startswith(today)
    *_, installed, uninstalled = done.stdout.splitlines()
    assert installed.startswith(f"  {today} ")
    assert installed.endswith(
        "   installed base_url='https://one.atlassian.net/wiki' kind='first install'"
    )
    assert uninstalled.endswith("   uninstalled")


def test_a_tenant_is_shown_as_json(app: Flask) -> None:
    done = connect(app, "tenant", "one", "--json")
    shown = json.loads(done.stdout)
    assert (shown["client_key"], shown["state"]) == ("one", "enabled")
    assert [event["event"] for event in shown["history"]] == ["installed"]
    assert "ping" not in shown


def test_of_a_purged_tenant_the_history_is_left(app: Flask) -> None:
    uninstall(app, "one", days_ago=1_000)
    assert connect(app, "purge").exit_code == 0
    done = connect(app, "tenant", "one", "--ping")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split() == ["state", "purged"]
    assert done.stdout.endswith("   purged\n")
    shown = json.loads(connect(app, "tenant", "one", "--json").stdout)
    assert shown["state"] == "purged"
    assert len(shown["history"]) == 3


def test_a_name_that_fits_nobody_is_refused(app: Flask) -> None:
    done = connect(app, "tenant", "four")
    assert done.exit_code == 1
    assert "no tenant has the client key, URL or cloud id 'four'" in done.stderr


def test_a_name_that_fits_several_names_them(app: Flask) -> None:
    done = connect(app, "tenant", "atlassian.net")
    assert done.exit_code == 1
    assert "name a client key: one, two, three" in done.stderr


def test_a_host_that_knows_the_app_is_reachable(
    app: Flask, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json={"key": signing.APP_KEY})
    done = connect(app, "tenant", "one", "--ping", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["ping"] == {
        "reachable": True,
        "meaning": "the host answers, and the app is installed there",
    }


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ({"status": 401}, "401: the host does not accept the app's secret"),
        ({"status": 404}, "404: the host has no such app, or the site is gone"),
        ({"status": 403, "json": {"message": "No entry"}}, "403: No entry"),
        ({"json": []}, "200: the answer is not a license"),
        ({"body": requests.ConnectionError("x")}, "no answer: "),
    ],
)
def test_a_host_that_does_not_is_explained(
    app: Flask,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    meaning: str,
) -> None:
    network.assert_all_requests_are_fired = False
    network.get(ADDON, **answer)
    done = connect(app, "tenant", "one", "--ping")
    assert done.exit_code == 1
    assert f"\nping                 {meaning}" in done.stdout
    assert f"Error: {meaning}" in done.stderr
