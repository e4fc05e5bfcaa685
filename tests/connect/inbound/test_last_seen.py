"""When a tenant was last seen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.connect.db import postgresql
from app.connect.db.columns import utc_now
from app.connect.inbound import last_seen
from app.connect.tenants.last_seen import LastSeen, is_due
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.connect.tenants.stored_tenants import change, record_of


def seen(app: Flask) -> datetime | None:
    with app.app_context():
        return record_of().last_seen_at


def set_seen(app: Flask, then: datetime | None) -> None:
    with app.app_context():
        change("UPDATE tenant SET last_seen_at = :then", then=then)


def visit(client: FlaskClient, token: str | None = None) -> int:
    headers = signing.authorization(token or signing.host_token())
    # The server closes each answer after it was sent.
    with client.get("/overview", headers=headers) as answer:
        return answer.status_code


@pytest.fixture
def writes(app: Flask, tenant: Tenant) -> Iterator[list[str]]:
    """The statements that note a time."""
    found: list[str] = []

    def note(_c: Any, _cu: Any, statement: str, *_: Any) -> None:
        if "SET last_seen_at" in statement and statement.startswith("UPDATE"):
            found.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("ago", "due"),
    [(None, True), (timedelta(days=1, seconds=1), True), (timedelta(hours=23), False)],
)
def test_a_time_is_due_after_a_day(ago: timedelta | None, due: bool) -> None:
    assert is_due(None if ago is None else utc_now() - ago) is due


def test_an_install_is_seen(app: Flask, tenant: Tenant, writes: list[str]) -> None:
    assert utc_now() - tenant.installed_at < timedelta(days=1)
    assert seen(app) == tenant.installed_at
    assert visit(app.test_client()) == 200
    assert writes == []


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("days", [None, 2])
def test_a_request_is_noted_once_a_day(
    app: Flask, client: FlaskClient, writes: list[str], days: int | None
) -> None:
    set_seen(app, None if days is None else utc_now() - timedelta(days=days))
    writes.clear()
    assert [visit(client) for _ in range(3)] == [200, 200, 200]
    noted = seen(app)
    assert noted is not None
    assert utc_now() - noted < timedelta(minutes=1)
    assert len(writes) == 1


def test_another_worker_does_not_write_again(app: Flask, tenant: Tenant) -> None:
    then = utc_now() - timedelta(hours=1)
    set_seen(app, then)
    with app.app_context():
        LastSeen(db).note(tenant.client_key)
    assert seen(app) == then


def test_a_forged_request_is_not_noted(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    set_seen(app, None)
    assert visit(client, signing.host_token(secret=signing.OTHER_SECRET)) == 401
    assert visit(client, signing.host_token(qsh="x")) == 401
    assert seen(app) is None


def test_the_answer_does_not_wait_for_it(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    set_seen(app, None)
    answer = client.get(
        "/overview", headers=signing.authorization(signing.host_token())
    )
    assert answer.status_code == 200
    assert seen(app) is None
    answer.close()
    assert seen(app) is not None


def test_a_write_that_fails_changes_nothing(
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_seen(app, None)
    calls = []

    def fail(*_: Any) -> None:
        calls.append(1)
        raise OperationalError("canary", {}, Exception("canary"))

    with app.app_context():
        monkeypatch.setattr(get_state().last_seen, "note", fail)
    assert visit(client) == 200
    assert calls == [1]
    assert caplog.messages == ["last seen not noted: OperationalError"]
    assert "canary" not in caplog.text


@pytest.mark.usefixtures("expendable_tables")
def test_a_worker_does_not_try_again_at_once(
    app: Flask, tenant: Tenant, writes: list[str]
) -> None:
    set_seen(app, None)
    writes.clear()
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE tenant RENAME TO hidden"))
        with pytest.raises(SQLAlchemyError):
            get_state().last_seen.note(tenant.client_key)
        get_state().last_seen.note(tenant.client_key)
        assert len(writes) == 1


def test_a_database_that_hangs_does_not_keep_the_thread(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded: list[bool] = []

    def note(_store: LastSeen, _client_key: str) -> None:
        bounded.append(postgresql._somebody_waits())

    monkeypatch.setattr(LastSeen, "note", note)
    last_seen._note(app, "client")
    assert bounded == [True]
