"""Health checks: liveness and readiness, without details."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests.example import create_app


@pytest.fixture
def broken(config: dict[str, Any], tmp_path: Path) -> Flask:
    """An app whose database can't be reached."""
    nowhere = tmp_path / "canary" / "app.sqlite3"
    return create_app(config | {"DATABASE_URL": f"sqlite:///{nowhere}"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_healthy_app_says_only_that(
    client: FlaskClient, tenant: Tenant, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok"}
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_an_app_without_its_database_is_alive_and_not_ready(
    broken: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client = broken.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {"error": "unavailable"}
    assert int(answer.headers["Retry-After"]) > 0
    assert "OperationalError" in caplog.text
    assert "canary" not in caplog.text


def test_an_app_that_lost_its_database_notices(
    config: dict[str, Any], postgresql_url: str
) -> None:
    app = create_app(config | {"DATABASE_URL": postgresql_url})
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    server, _, name = postgresql_url.rpartition("/")
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    others = text(
        "SELECT pg_terminate_backend(pid, 5000)"
        " FROM pg_stat_activity WHERE datname = :name"
    )
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(others, {"name": name})
        assert client.get("/readyz").status_code == 503
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        assert client.get("/readyz").status_code == 200
    admin.dispose()
    with app.app_context():
        db.engine.dispose()
