"""What every test shares: an app on a database of its own, and a key server."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
import responses
from cryptography.fernet import Fernet
from devhost.testing.chromium import run_chromium
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from app import config as settings
from app.connect import find_tenant
from app.connect.tenants.models import Tenant
from app.connect.webhooks.handlers import registered
from app.extensions import db
from tests import example, signing
from tests.waits import Waits

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1/"
ENCRYPTION_KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a developer's environment and .env out of the tests."""
    monkeypatch.setattr(settings, "ENV_FILE", tmp_path / "no.env")
    for name in settings.SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def author() -> ModuleType:
    """Whose app is under test: a package with a ``create_app`` and webhook handlers."""
    return example


@pytest.fixture(autouse=True)
def _keep_handlers(author: ModuleType) -> Iterator[None]:
    """Hide the handlers of other packages, and forget those that a test registers."""
    before = {event: [*found] for event, found in registered.items()}
    ours = author.__name__
    for name, found in before.items():
        registered[name] = [each for each in found if each.__module__.startswith(ours)]
    yield
    registered.clear()
    registered.update(before)


@pytest.fixture(autouse=True)
def _close_databases() -> Iterator[None]:
    """Close what each app of a test has opened, which Python 3.13 warns about."""
    opened: set[Engine] = set()

    def remember(connection: Connection) -> None:
        opened.add(connection.engine)

    event.listen(Engine, "engine_connect", remember)
    yield
    event.remove(Engine, "engine_connect", remember)
    for engine in opened:
        engine.dispose()


# No longer: its event loop is in the way of tests that run one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for the tests of a module."""
    yield from run_chromium()


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """The settings of the app under test."""
    return {
        "TESTING": True,
        "SECRET_KEY": "test",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
        "CELERY_BROKER_URL": "memory://",
        # What a test sends stays its own, though all share one memory.
        "CELERY": {"task_default_queue": f"test-{uuid4()}"},
        "CONNECT_BASE_URL": signing.BASE_URL,
        "CONNECT_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "CONNECT_KEY_SERVERS": f"{signing.KEY_SERVER},{signing.SECOND_KEY_SERVER}",
    }


@pytest.fixture
def waits() -> Waits:
    """What the app has waited for the host, without having waited."""
    return Waits()


@pytest.fixture
def app(author: ModuleType, config: dict[str, Any], waits: Waits) -> Iterator[Flask]:
    """The app with empty tables."""
    app: Flask = author.create_app(config)
    waits.replace_clock(app)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.drop_all()
        db.engine.dispose()


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """An app context, for what is called outside a request."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """The world outside: only what is registered answers, and all of it must."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def key_server(network: responses.RequestsMock) -> responses.RequestsMock:
    """The first key server, which has the install key."""
    network.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
    return network


@pytest.fixture
def tenant(app: Flask, client: FlaskClient) -> Tenant:
    """A tenant, installed through the front door."""
    with responses.RequestsMock() as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        answer = client.post(
            "/installed",
            json=signing.payload(),
            headers=signing.authorization(signing.install_token()),
        )
    assert answer.status_code == 204
    with app.app_context():
        found = find_tenant(signing.CLIENT_KEY)
    assert found is not None
    return found


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database. Missing in CI it fails; elsewhere it skips."""
    server = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    name = f"connect_test_{os.getpid()}"
    admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL answers at {server}; set TEST_POSTGRESQL_URL")
    yield f"{server}{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
