"""Lifecycle events while a key server or the database is down."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from flask import Flask

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.connect.inbound.lifecycle_events import EVENTS, SIGNED, deliver, token_for
from tests.example import create_app
from tests.signing import (
    SECRET,
)


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "outage",
    [
        pytest.param({"body": requests.ConnectionError()}, id="connection"),
        pytest.param({"body": requests.Timeout()}, id="timeout"),
        pytest.param({"body": requests.exceptions.SSLError()}, id="tls"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"status": 429}, id="429"),
    ],
)
def test_key_servers_that_are_down_are_answered_503(
    config: dict[str, Any],
    tenant: Tenant,
    network: responses.RequestsMock,
    find: Callable[..., Tenant],
    event: str,
    outage: dict[str, Any],
) -> None:
    app = create_app(config)
    network.get(f"{signing.KEY_SERVER}/new", **outage)
    network.get(f"{signing.SECOND_KEY_SERVER}/new", **outage)
    before = find()
    token = token_for(event, headers={"kid": "new"})
    answer = deliver(app.test_client(), event, token=token)
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert int(answer.headers["Retry-After"]) > 0
    assert find() == before
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("event", SIGNED)
def test_a_worker_that_was_restarted_needs_no_key_server(
    config: dict[str, Any],
    tenant: Tenant,
    network: responses.RequestsMock,
    event: str,
) -> None:
    app = create_app(config)
    assert deliver(app.test_client(), event).status_code == 204
    assert len(network.calls) == 0
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("event", EVENTS)
def test_a_database_that_is_read_only_is_answered_503(
    config: dict[str, Any],
    app: Flask,
    tenant: Tenant,
    keys: responses.RequestsMock,
    tmp_path: Any,
    caplog: pytest.LogCaptureFixture,
    event: str,
) -> None:
    url = f"sqlite:///file:{tmp_path / 'app.sqlite3'}?mode=ro&uri=true"
    reader = create_app({**config, "DATABASE_URL": url})
    answer = deliver(reader.test_client(), event)
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert int(answer.headers["Retry-After"]) > 0
    assert SECRET not in caplog.text
    with reader.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", ["unreachable", "not-a-database", "no-tables"])
def test_a_database_that_is_broken_is_answered_503(
    config: dict[str, Any],
    keys: responses.RequestsMock,
    tmp_path: Any,
    event: str,
    kind: str,
) -> None:
    path = tmp_path / kind
    if kind == "unreachable":
        path.mkdir()
    elif kind == "not-a-database":
        path.write_bytes(b"junk" * 1000)
    app = create_app({**config, "DATABASE_URL": f"sqlite:///{path}"})
    answer = deliver(app.test_client(), event)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    with app.app_context():
        db.engine.dispose()
