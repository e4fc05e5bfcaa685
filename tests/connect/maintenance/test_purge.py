"""The purge of expired data, and the beat schedule."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from flask import Flask
from sqlalchemy import update

from app.connect import find_tenant, tenant_purged
from app.connect.db.columns import utc_now
from app.connect.maintenance.purge import empty_embedded_broker
from app.connect.maintenance.tasks import PURGE
from app.connect.personal_data.cycle import REPORT
from app.connect.tasks.queue import TaskQueue
from app.connect.tenants.models import Tenant, TenantRecord
from app.connect.webhooks.archive import Filter
from app.connect.webhooks.inbox import record
from app.connect.webhooks.state import WebhooksState
from app.connect.webhooks.tasks import SWEEP
from app.connect.webhooks.wake_up import RUN
from app.extensions import db
from tests.connect.conftest import Deliver
from tests.example import create_app


def test_beat_sweeps_deletes_what_is_old_and_reports_personal_data(app: Flask) -> None:
    celery: Celery = app.extensions["celery"]
    planned = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert planned == {SWEEP, PURGE, REPORT}
    assert planned <= set(celery.tasks)


def test_an_app_can_add_its_own_beat_entries(config: dict[str, Any]) -> None:
    own = {"own": {"task": "own", "schedule": 60.0}}
    config["CELERY"]["beat_schedule"] = own
    celery: Celery = create_app(config).extensions["celery"]
    planned = [entry["task"] for entry in celery.conf.beat_schedule.values()]
    assert sorted(planned) == sorted([SWEEP, PURGE, REPORT, "own"])


@pytest.mark.parametrize(
    ("status", "days", "kept"),
    [
        ("done", 6.9, True),
        ("done", 7.1, False),
        ("parked", 7.1, False),
        ("dropped", 7.1, False),
        ("received", 7.1, True),
        ("retrying", 7.1, True),
        ("running", 7.1, True),
    ],
)
def test_a_delivery_is_kept_for_a_week_unless_it_is_still_to_be_run(
    app: Flask,
    deliver: Deliver,
    webhooks: WebhooksState,
    app_context: None,
    status: str,
    days: float,
    kept: bool,
) -> None:
    deliver()
    with db.engine.begin() as connection:
        then = utc_now() - timedelta(days=days)
        connection.execute(update(record).values(status=status, received_at=then))
    app.extensions["celery"].tasks[PURGE]()
    assert webhooks.archive.count(Filter()) == kept


@pytest.mark.parametrize(("later", "kept"), [(0, True), (1, False)])
def test_the_retention_time_of_a_delivery_ends_to_the_microsecond(
    app: Flask,
    deliver: Deliver,
    webhooks: WebhooksState,
    app_context: None,
    monkeypatch: pytest.MonkeyPatch,
    later: int,
    kept: bool,
) -> None:
    deliver()
    received_at = utc_now()
    with db.engine.begin() as connection:
        values = {"status": "done", "received_at": received_at}
        connection.execute(update(record).values(values))
    then = received_at + timedelta(days=7, microseconds=later)
    monkeypatch.setattr("app.connect.maintenance.tasks.utc_now", lambda: then)
    app.extensions["celery"].tasks[PURGE]()
    assert webhooks.archive.count(Filter()) == kept


def test_a_tenant_is_purged_with_all_that_came_from_it(
    app: Flask,
    deliver: Deliver,
    webhooks: WebhooksState,
    app_context: None,
    tenant: Tenant,
) -> None:
    purged = []

    def hear(app: Flask, client_key: str) -> None:
        purged.append(client_key)

    deliver()
    tenants = app.extensions["connect"].tenants
    tenants.uninstall(tenant.client_key, issued_at=utc_now().timestamp() + 60)
    with tenant_purged.connected_to(hear):
        app.extensions["celery"].tasks[PURGE]()
        assert (purged, webhooks.archive.count(Filter())) == ([], 0)
        with db.engine.begin() as connection:
            long_ago = utc_now() - timedelta(days=61)
            connection.execute(update(TenantRecord).values(uninstalled_at=long_ago))
        app.extensions["celery"].tasks[PURGE]()
    assert (purged, webhooks.archive.count(Filter())) == ([tenant.client_key], 0)
    assert find_tenant(tenant.client_key) is None


@pytest.fixture
def broker_file(config: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "broker.sqlite3"
    config["CELERY_BROKER_URL"] = f"sqla+sqlite:///{path}"
    return path


# kombu's own models use what SQLAlchemy 2.1 deprecates.
@pytest.mark.filterwarnings("ignore:The ``noload``:sqlalchemy.exc.SADeprecationWarning")
def test_messages_that_were_taken_leave_the_embedded_broker(
    broker_file: Path, app: Flask, app_context: None
) -> None:
    empty_embedded_broker()
    celery: Celery = app.extensions["celery"]
    queue = TaskQueue(celery)
    for number in range(3):
        queue.send(RUN, number)
    with celery.connection_for_read() as connection:
        simple = connection.SimpleQueue(celery.conf.task_default_queue)
        taken = simple.get(block=False)
        taken.ack()
        simple.close()
    assert messages(broker_file) == 3
    empty_embedded_broker()
    assert messages(broker_file) == 2


def messages(path: Path) -> int:
    connection = sqlite3.connect(path)
    [count] = connection.execute("SELECT count(*) FROM kombu_message").fetchone()
    connection.close()
    return int(count)
