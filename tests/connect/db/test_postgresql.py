"""PostgreSQL that hangs is an error, but only where a user waits."""

import math
import select
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from app.connect.db import postgresql
from app.connect.db.postgresql import (
    BoundedConnection,
    as_in_a_request,
    engine_options,
)
from app.extensions import db
from tests.connect.db.silent_proxy import SilentProxy, silent_proxy
from tests.example import create_app

URL = "postgresql+psycopg://somebody@db.example.com/app"


@pytest.fixture
def proxy(_migrated_postgresql: str) -> Iterator[SilentProxy]:
    url = make_url(_migrated_postgresql)
    with silent_proxy(url.host or "127.0.0.1", url.port or 5432) as proxy:
        yield proxy


@pytest.fixture
def served(
    config: dict[str, Any],
    proxy: SilentProxy,
    _migrated_postgresql: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    """An app whose database is behind the proxy; it waits only briefly."""
    host, port = proxy.address
    url = make_url(_migrated_postgresql).set(host=host, port=port)
    config["DATABASE_URL"] = url.render_as_string(hide_password=False)
    # The shortest time that psycopg takes.
    config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"connect_timeout": 2}}
    monkeypatch.setattr(postgresql, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "PING_SECONDS", 0.3)
    monkeypatch.setattr(BoundedConnection, "seconds", 0.5)
    return create_app(config)


def ready(app: Flask) -> int:
    return app.test_client().get("/readyz").status_code


def test_a_server_that_accepts_and_stays_silent_is_answered_503(
    served: Flask, proxy: SilentProxy
) -> None:
    proxy.silent = True
    assert ready(served) == 503


@pytest.mark.parametrize("idle_seconds", [0.0, 3600.0], ids=["pinged", "not-pinged"])
def test_so_is_one_that_falls_silent_between_two_requests(
    served: Flask,
    proxy: SilentProxy,
    idle_seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", idle_seconds)
    assert ready(served) == 200
    proxy.silent = True
    assert ready(served) == 503
    proxy.silent = False
    assert ready(served) == 200


def test_so_is_one_that_falls_silent_between_two_statements(
    served: Flask, proxy: SilentProxy
) -> None:
    with served.test_request_context(), db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        proxy.silent = True
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("SELECT 1"))
        assert caught.value.connection_invalidated
        proxy.silent = False
    assert ready(served) == 200


def test_a_pooled_connection_that_the_server_closed_is_replaced(
    served: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 3600.0)
    assert ready(served) == 200
    with served.test_request_context(), db.engine.connect() as connection:
        [pid] = connection.execute(text("SELECT pg_backend_pid()")).one()
        raw: Any = connection.connection.dbapi_connection
    with served.app_context(), psycopg.connect(psycopg_url(served)) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    [heard], _, _ = select.select([raw.fileno()], [], [], 10)
    assert heard
    assert ready(served) == 200
    assert raw.closed


def test_a_pooled_connection_is_asked_only_if_it_was_idle(
    served: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(postgresql, "_ping", asked.append)
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 3600.0)
    assert ready(served) == ready(served) == 200
    assert asked == []
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.0)
    assert ready(served) == 200
    assert asked


@pytest.mark.parametrize("in_request", [True, False])
def test_the_question_leaves_no_transaction_open(
    served: Flask, in_request: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.0)
    context = served.test_request_context() if in_request else served.app_context()
    connections = []
    with context:
        for _ in range(2):
            with db.engine.connect() as connection:
                raw: Any = connection.connection.dbapi_connection
                connections.append(raw)
                assert raw.info.transaction_status is TransactionStatus.IDLE
                assert not raw.autocommit
                # Each statement has its whole time again.
                assert raw.seconds == (0.5 if in_request else math.inf)
        assert connections[0] is connections[1]
        db.engine.dispose()


def test_so_is_one_whose_connection_was_opened_outside_of_a_request(
    served: Flask, proxy: SilentProxy
) -> None:
    # As by the threads that ask for install keys, and after an answer was sent.
    with served.app_context(), db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    proxy.silent = True
    assert ready(served) == 503
    proxy.silent = False
    assert ready(served) == 200


def psycopg_url(app: Flask) -> str:
    url = make_url(app.config["DATABASE_URL"]).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def timeout_of(app: Flask) -> str:
    with db.engine.connect() as connection:
        found: str = connection.scalar(text("SHOW statement_timeout"))
    db.engine.dispose()
    return found


def test_only_a_web_request_bounds_its_statements(served: Flask) -> None:
    with served.test_request_context():
        assert timeout_of(served) == "8s"
    with served.app_context():
        assert timeout_of(served) == "0"
        with db.engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(1)"))
        with as_in_a_request():
            db.engine.dispose()
            assert timeout_of(served) == "8s"


def test_so_does_what_follows_a_request(served: Flask, proxy: SilentProxy) -> None:
    with (
        served.app_context(),
        as_in_a_request(),
        db.engine.connect() as connection,
    ):
        connection.execute(text("SELECT 1"))
        proxy.silent = True
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))


def test_an_author_sets_other_options_for_statements(
    served: Flask, config: dict[str, Any]
) -> None:
    arguments = config["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    arguments["options"] = "-c statement_timeout=3s"
    app = create_app(config)
    with app.test_request_context():
        assert timeout_of(app) == "3s"


def test_a_statement_that_is_too_slow_ends_and_keeps_its_connection(
    served: Flask, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "WAIT_SECONDS", 10.0)
    arguments = config["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    arguments["options"] = "-c statement_timeout=100ms"
    app = create_app(config)
    with app.test_request_context(), db.engine.connect() as connection:
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("SELECT pg_sleep(5)"))
        assert not caught.value.connection_invalidated


def test_an_authors_options_win() -> None:
    own = {"pool_size": 3, "pool_timeout": 1, "connect_args": {"connect_timeout": 9}}
    options = engine_options(f"{URL}?keepalives_count=7", own)
    assert options["pool_size"] == 3
    assert options["pool_timeout"] == 1
    assert options["connect_args"]["connect_timeout"] == 9
    assert options["connect_args"]["tcp_user_timeout"] == 10_000
    assert "keepalives_count" not in options["connect_args"]
    assert options["hide_parameters"] is True


def test_sqlite_has_none_of_these_options() -> None:
    assert engine_options("sqlite:///a.db", {"echo": True}) == {
        "hide_parameters": True,
        "echo": True,
    }
