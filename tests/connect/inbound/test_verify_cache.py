"""Verification with each worker's tenant cache."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from app.connect import find_tenant
from app.connect.db import expiring_cache
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.extensions import db
from tests.connect.inbound.requests_with_tokens import (
    HOUR,
    NOW,
    ask,
    lifecycle,
    statuses,
)
from tests.example import create_app
from tests.signing import (
    CLIENT_KEY,
    OTHER_SECRET,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A fake clock that tests move by hand."""
    clock = SimpleNamespace(now=1000.0)
    standing = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(expiring_cache, "time", standing)
    return clock


@pytest.fixture
def worker(config: dict[str, Any], tenant: Tenant) -> Iterator[FlaskClient]:
    """Another worker on the same database."""
    app = create_app(config)
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def warm(client: FlaskClient, tenant: Tenant, clock: SimpleNamespace) -> FlaskClient:
    """A worker that has just served the tenant, whose secret is in use."""
    assert statuses(client, SECRET, SECRET) == [200, 200]
    return client


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement that is sent during the test."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_a_cached_tenant_costs_no_sql(
    warm: FlaskClient, clock: SimpleNamespace, statements: list[str]
) -> None:
    assert ask(warm, "/overview", host_token()) == 200
    assert ask(warm, "/api/context", context_token()) == 200
    assert statements == []
    clock.now += 29.9
    assert ask(warm, "/overview", host_token()) == 200
    assert statements == []
    clock.now += 0.1
    assert ask(warm, "/overview", host_token()) == 200
    assert len(statements) == 1


def test_a_bad_signature_is_checked_against_the_database_once(
    warm: FlaskClient, statements: list[str]
) -> None:
    assert ask(warm, "/overview", host_token(secret=OTHER_SECRET)) == 401
    assert len(statements) == 1


@pytest.mark.parametrize(
    "claims",
    [{"qsh": "x"}, {"exp": NOW - HOUR}, {"context": []}],
    ids=["qsh", "exp", "context"],
)
def test_another_fault_is_not_asked_about(
    warm: FlaskClient, statements: list[str], claims: dict[str, Any]
) -> None:
    assert ask(warm, "/overview", host_token(**claims)) == 401
    assert statements == []


def test_a_secret_that_another_worker_stored_is_good_at_once(
    warm: FlaskClient, worker: FlaskClient, keys: responses.RequestsMock
) -> None:
    body = payload(sharedSecret=OTHER_SECRET)
    headers = authorization(install_token())
    assert worker.post("/installed", json=body, headers=headers).status_code == 204
    assert statuses(warm, OTHER_SECRET) == [200]
    assert statuses(warm, SECRET) == [401]
    assert statuses(worker, SECRET, OTHER_SECRET) == [401, 200]


def test_a_secret_that_another_worker_retired_is_refused_within_the_cache_time(
    warm: FlaskClient,
    worker: FlaskClient,
    clock: SimpleNamespace,
    keys: responses.RequestsMock,
) -> None:
    body = payload(sharedSecret=OTHER_SECRET)
    headers = authorization(install_token())
    assert worker.post("/installed", json=body, headers=headers).status_code == 204
    assert statuses(worker, OTHER_SECRET) == [200]
    clock.now += 30
    assert statuses(warm, SECRET) == [401]


def test_an_uninstall_by_another_worker_is_honoured_within_the_cache_time(
    warm: FlaskClient,
    worker: FlaskClient,
    clock: SimpleNamespace,
    keys: responses.RequestsMock,
) -> None:
    assert lifecycle(worker, "uninstalled") == 204
    assert statuses(worker, SECRET) == [401]
    clock.now += 30
    assert statuses(warm, SECRET) == [401]


def test_without_a_cache_an_uninstall_by_another_worker_is_honoured_at_once(
    config: dict[str, Any],
    worker: FlaskClient,
    keys: responses.RequestsMock,
) -> None:
    careful = create_app({**config, "CONNECT_TENANT_CACHE_SECONDS": 0})
    client = careful.test_client()
    assert statuses(client, SECRET) == [200]
    assert lifecycle(worker, "uninstalled") == 204
    assert statuses(client, SECRET) == [401]
    with careful.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("back", ["enabled", "installed"])
def test_a_return_by_another_worker_is_honoured_at_once(
    warm: FlaskClient,
    worker: FlaskClient,
    keys: responses.RequestsMock,
    back: str,
) -> None:
    gone = {"enabled": "disabled", "installed": "uninstalled"}[back]
    assert lifecycle(warm, gone) == 204
    assert statuses(warm, SECRET) == [401]
    assert lifecycle(worker, back) == 204
    assert statuses(warm, SECRET) == [200]


def test_a_tenant_that_another_worker_purged_is_forgotten(
    app: Flask, warm: FlaskClient, clock: SimpleNamespace
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM tenant"))
    clock.now += 30
    assert statuses(warm, SECRET) == [401]
    with app.app_context():
        assert find_tenant(CLIENT_KEY) is None
        assert get_state().tenants.cached_credentials(CLIENT_KEY) is None
