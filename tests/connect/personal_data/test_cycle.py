"""The reporting cycle: reports, answers and signals."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import update

from app.connect import account_closed, account_updated, current_tenant, personal_data
from app.connect.db.columns import utc_now
from app.connect.personal_data.cycle import (
    REPORT,
    RETRY,
    SCHEDULE,
    report_personal_data,
)
from app.connect.personal_data.store import Account, record
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.connect.cli.commands import connect
from tests.connect.outbound.host import assert_signed

REPORT_URL = f"{signing.SITE}/rest/atlassian-connect/latest/report-accounts"
WEEK = timedelta(days=7)
Heard = list[tuple[str, str, str]]


@pytest.fixture
def heard(tenant: Tenant, app_context: None) -> Iterator[Heard]:
    """The received signals: name, account id and current tenant."""
    found: Heard = []

    def closed(app: Flask, tenant: Tenant, account_id: str) -> None:
        found.append(("closed", account_id, current_tenant.client_key))

    def updated(app: Flask, tenant: Tenant, account_id: str) -> None:
        found.append(("updated", account_id, current_tenant.client_key))

    with account_closed.connected_to(closed), account_updated.connected_to(updated):
        yield found


def answer(
    network: responses.RequestsMock, *, days: str | None = None, **by: str
) -> None:
    network.post(
        REPORT_URL,
        json={"accounts": [{"accountId": k, "status": v} for k, v in by.items()]},
        headers={} if days is None else {"Cycle-Period": days},
    )


def only() -> Account:
    [account] = personal_data.list()
    return account


def test_an_account_is_reported_with_the_age_of_its_data(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    network.post(REPORT_URL, status=204)
    personal_data.remember(tenant, "ada")
    updated_at = only().updated_at

    counts = report_personal_data()

    assert counts == {"reported": 1, "closed": 0, "updated": 0, "failed": 0}
    [call] = network.calls
    assert_signed(call.request)
    [sent] = json.loads(call.request.body or "")["accounts"]
    assert sent["accountId"] == "ada"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", sent["updatedAt"])
    assert sent["updatedAt"].startswith(updated_at.strftime("%Y-%m-%dT%H:%M:%S"))
    assert WEEK - timedelta(minutes=5) < only().due_at - utc_now() <= WEEK
    assert report_personal_data()["reported"] == 0


def test_at_most_90_accounts_are_reported_at_once(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    network.post(REPORT_URL, status=204)
    for number in range(91):
        personal_data.remember(tenant, f"account-{number}")
    assert report_personal_data()["reported"] == 91
    sent = [json.loads(call.request.body or "")["accounts"] for call in network.calls]
    assert [len(accounts) for accounts in sent] == [90, 1]


def test_signals_name_the_accounts_to_erase_and_to_refresh(
    tenant: Tenant, heard: Heard, network: responses.RequestsMock
) -> None:
    answer(network, ada="closed", bob="updated", eve="new status", other="closed")
    for account_id in ("ada", "bob", "eve", "zoe"):
        personal_data.remember(tenant, account_id)
    counts = report_personal_data()
    assert counts == {"reported": 4, "closed": 1, "updated": 1, "failed": 0}
    here = tenant.client_key
    assert sorted(heard) == [("closed", "ada", here), ("updated", "bob", here)]
    left = [account.account_id for account in personal_data.list(tenant)]
    assert left == ["bob", "eve", "zoe"]


def test_an_account_that_was_not_erased_is_reported_again(
    tenant: Tenant, heard: Heard, network: responses.RequestsMock
) -> None:
    answer(network, ada="closed")
    personal_data.remember(tenant, "ada")

    def fail(app: Flask, **about: Any) -> None:
        raise RuntimeError("canary")

    with account_closed.connected_to(fail):
        report_personal_data()
    assert only().account_id == "ada"


def test_an_account_that_nobody_erases_is_kept(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    answer(network, ada="closed")
    personal_data.remember(tenant, "ada")
    report_personal_data()
    assert only().account_id == "ada"


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("14", 14),
        (" 3 ", 3),
        (None, 7),
        ("", 7),
        ("0", 7),
        ("-1", 7),
        ("1.5", 7),
        ("366", 7),
        ("9" * 400, 7),
        ("soon", 7),
    ],
)
def test_the_host_may_change_the_cycle(
    tenant: Tenant,
    app_context: None,
    network: responses.RequestsMock,
    period: str | None,
    days: int,
) -> None:
    answer(network, days=period)
    personal_data.remember(tenant, "ada")
    report_personal_data()
    wait = only().due_at - utc_now()
    assert abs(wait - timedelta(days=days)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        *(({"status": status}, RETRY) for status in (400, 403, 500, 503)),
        ({"status": 429, "headers": {"Retry-After": "7200"}}, 2 * RETRY),
        ({"status": 429, "headers": {"Retry-After": "999999999"}}, 24 * RETRY),
        ({"status": 429}, RETRY),
        ({"body": requests.ConnectionError("away")}, RETRY),
        ({"body": "<html>"}, RETRY),
        ({"json": []}, RETRY),
        ({"json": {}}, RETRY),
        ({"json": {"accounts": 1}}, RETRY),
        ({"json": None}, RETRY),
        ({"json": {"accounts": ["ada"]}}, RETRY),
        ({"json": {"accounts": [{"accountId": [], "status": "closed"}]}}, RETRY),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_failure_is_tried_again_later(
    tenant: Tenant,
    heard: Heard,
    network: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    refusal: dict[str, Any],
    wait: timedelta,
) -> None:
    network.post(REPORT_URL, **refusal)
    personal_data.remember(tenant, "canary-user")
    assert report_personal_data()["failed"] == 1
    assert len(network.calls) == 1
    assert heard == []
    assert abs(only().due_at - utc_now() - wait) < timedelta(minutes=5)
    assert "canary-user" not in caplog.text


@pytest.mark.parametrize("gone", [False, True], ids=["disabled", "purged"])
def test_a_tenant_that_is_not_enabled_is_not_asked(
    tenant: Tenant, heard: Heard, network: responses.RequestsMock, gone: bool
) -> None:
    personal_data.remember(tenant, "ada")
    later = utc_now().timestamp() + 60
    get_state().tenants.set_enabled(tenant.client_key, enabled=False, issued_at=later)
    if gone:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM tenant")
    assert report_personal_data()["failed"] == 1


def test_an_answer_that_could_not_be_stored_is_repeated_at_the_next_report(
    tenant: Tenant,
    heard: Heard,
    network: responses.RequestsMock,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer(network, ada="closed")
    personal_data.remember(tenant, "ada")

    def fail(*args: Any) -> None:
        raise LookupError("canary")

    monkeypatch.setattr(app.extensions["connect.personal_data"], "forget", fail)
    with caplog.at_level(logging.ERROR):
        report_personal_data()
    assert abs(only().due_at - utc_now() - RETRY) < timedelta(minutes=5)
    assert "LookupError" in caplog.text and "canary" not in caplog.text


def test_an_app_registers_accounts(tenant: Tenant, app_context: None) -> None:
    personal_data.remember(tenant, "ada")
    first = only().updated_at
    personal_data.refreshed(tenant, "ada")
    assert only().updated_at > first
    personal_data.forget(tenant, "ada")
    assert list(personal_data.list()) == []


def test_beat_schedules_the_report(app: Flask) -> None:
    celery = app.extensions["celery"]
    assert REPORT in celery.tasks
    assert REPORT in {entry["task"] for entry in SCHEDULE.values()}


def test_the_commands_list_and_report(
    app: Flask, tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    network.post(REPORT_URL, status=204)
    personal_data.remember(tenant, "ada")
    listed = connect(app, "personal-data", "list")
    assert listed.output.startswith("ada  updated 2")
    assert listed.output.rstrip().endswith(tenant.client_key)
    one = connect(app, "personal-data", "list", "--json", "--tenant", "nobody")
    assert one.output == ""
    as_json = json.loads(connect(app, "personal-data", "list", "--json").output)
    assert set(as_json) == {"client_key", "account_id", "updated_at", "due_at"}

    done = connect(app, "personal-data", "report")
    assert done.exit_code == 0
    assert done.output == "1 reported, 0 closed, 0 updated, 0 failed\n"

    network.replace(responses.POST, REPORT_URL, status=500)
    with db.engine.begin() as connection:
        connection.execute(update(record).values(due_at=utc_now()))
    failed = connect(app, "personal-data", "report")
    assert failed.exit_code == 1
    assert "1 failed" in failed.output
