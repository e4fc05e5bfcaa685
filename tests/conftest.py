"""Shared fixtures: an app with its own database, and a key server."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from sqlalchemy import Connection, Engine, create_engine, event

from app import config as settings
from app.connect import find_tenant
from app.connect.inbound import key_servers
from app.connect.tenants.models import Tenant
from app.connect.webhooks.handlers import dynamic_events, registered
from tests import example, installing, signing
from tests.databases import (
    copy_tables,
    drop_tables,
    empty_tables,
    migrate,
    new_postgresql,
)
from tests.templates import SharedBytecode
from tests.waits import Waits

# Tests that wait start first, so that other processes run the rest meanwhile.
FIRST = ("browser", "processes")
SECRET_KEY = secrets.token_hex()
ENCRYPTION_KEY = Fernet.generate_key().decode()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the database."""
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="the database of the app under test",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Start with the tests that wait, if this is one process of several."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not any(map(item.get_closest_marker, FIRST)))


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> Iterator[None]:
    """Isolate the tests from a developer's environment and .env."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ENV_FILE", settings.ROOT / "tests" / "no.env")
        for name in (*settings.SETTINGS, "PORT"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _templates_compiled_once() -> Iterator[None]:
    """Share compiled Jinja templates between the apps of the tests."""
    options = {**Flask.jinja_options, "bytecode_cache": SharedBytecode()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", options)
        yield


class AskedAtOnce:
    """Asks key servers in the caller's thread, one after another."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, ask: Callable[..., Any], *arguments: Any) -> None:
        ask(*arguments)


@pytest.fixture(autouse=True, scope="session")
def _no_late_answers() -> Iterator[None]:
    """Let no key server be asked in the background, when the next test has begun."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_servers, "ThreadPoolExecutor", AskedAtOnce)
        yield


@contextmanager
def only_handlers_of(author: ModuleType) -> Iterator[None]:
    """Hide the webhook handlers of other packages, and forget those made meanwhile.

    They are registered for the whole process, which here has more than one app.
    """
    before = {event: [*found] for event, found in registered.items()}
    package = f"{author.__name__}."
    for event_name, found in before.items():
        registered[event_name] = [
            handler for handler in found if handler.__module__.startswith(package)
        ]
    yield
    registered.clear()
    registered.update(before)
    dynamic_events.clear()


@pytest.fixture
def author() -> ModuleType:
    """The package under test, which has ``create_app`` and webhook handlers."""
    return example


@pytest.fixture(autouse=True, scope="session")
def _opened() -> Iterator[set[Engine]]:
    """Record every database that is opened; SQLite's need not survive a crash."""
    opened: set[Engine] = set()

    def remember(connection: Connection) -> None:
        opened.add(connection.engine)

    def hurry(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "engine_connect", remember)
    event.listen(Engine, "connect", hurry)
    yield opened
    event.remove(Engine, "engine_connect", remember)
    event.remove(Engine, "connect", hurry)


@pytest.fixture(autouse=True)
def _clean_up(_opened: set[Engine], author: ModuleType) -> Iterator[None]:
    """Restore the author's handlers, dropping those that a test registered.

    Also close the databases: Python 3.13 warns about one that is left open.
    """
    with only_handlers_of(author):
        yield
    while _opened:
        _opened.pop().dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, whose event loop runs in this thread from now on.

    A test that needs its own loop must run it in another thread.
    """
    yield from run_chromium()


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("tables") / "app.sqlite3"
    with only_handlers_of(example):
        migrate(app_settings(path))
    return path


def app_settings(database: Path) -> dict[str, Any]:
    """Return the settings of an app under test with *database*."""
    return {
        "TESTING": True,
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": f"sqlite:///{database}",
        "CELERY_BROKER_URL": "memory://",
        # Each test has its own messages, though all share the in-memory broker.
        "CELERY": {"task_default_queue": f"test-{uuid4()}"},
        "CONNECT_BASE_URL": signing.BASE_URL,
        "CONNECT_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "CONNECT_KEY_SERVERS": f"{signing.KEY_SERVER},{signing.SECOND_KEY_SERVER}",
    }


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of the app under test, on the database that --database names."""
    settings = app_settings(tmp_path / "app.sqlite3")
    if request.config.getoption("--database") == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("emptied_postgresql")
    return settings


@pytest.fixture
def without_tables(request: pytest.FixtureRequest, config: dict[str, Any]) -> None:
    """Have the app start with a database that has no tables."""
    if request.config.getoption("--database") == "postgresql":
        config["DATABASE_URL"] = request.getfixturevalue("postgresql_url")


@pytest.fixture
def expendable_tables(
    request: pytest.FixtureRequest, config: dict[str, Any], tmp_path: Path
) -> None:
    """Let a test drop tables that the next one needs."""
    if request.config.getoption("--database") == "postgresql":
        config["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
        migrate(app_settings(tmp_path / "unused.sqlite3") | config)


@pytest.fixture
def waits() -> Waits:
    """A fake clock that records how long the app would have waited for the host."""
    return Waits()


@pytest.fixture
def app(
    author: ModuleType, config: dict[str, Any], waits: Waits, tables: Path
) -> Flask:
    """The app with empty tables."""
    copy_tables(tables, config["DATABASE_URL"])
    app: Flask = author.create_app(config)
    waits.replace_clock(app)
    return app


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """An app context, for calls outside a request."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """The network: only registered URLs answer, and every one must be called."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def key_server(network: responses.RequestsMock) -> responses.RequestsMock:
    """The first key server, which has the install key."""
    network.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
    return network


@pytest.fixture(scope="session")
def _installed(
    tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> installing.StoredRows:
    """The database rows that an install creates."""
    config = app_settings(tmp_path_factory.mktemp("installed") / "app.sqlite3")
    copy_tables(tables, config["DATABASE_URL"])
    with only_handlers_of(example):
        app = example.create_app(config)
    installing.install(app)
    return installing.StoredRows.read(app)


@pytest.fixture
def tenant(app: Flask, _installed: installing.StoredRows) -> Tenant:
    """A tenant, as if it had just been installed by a lifecycle callback."""
    _installed.write(app)
    with app.app_context():
        found = find_tenant(signing.CLIENT_KEY)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def _empty_postgresql() -> Iterator[str]:
    with new_postgresql("empty") as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with new_postgresql("migrated") as url:
        unused = tmp_path_factory.getbasetemp() / "unused.sqlite3"
        with only_handlers_of(example):
            migrate(app_settings(unused) | {"DATABASE_URL": url})
        yield url


@pytest.fixture
def postgresql_url(_empty_postgresql: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    yield _empty_postgresql
    with create_engine(_empty_postgresql).begin() as connection:
        drop_tables(connection)


@pytest.fixture
def emptied_postgresql(_migrated_postgresql: str) -> str:
    """A PostgreSQL database with empty tables."""
    engine = create_engine(_migrated_postgresql)
    with engine.begin() as connection:
        empty_tables(connection)
    engine.dispose()
    return _migrated_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest, config: dict[str, Any]) -> None:
    """Run a test on SQLite, and then on PostgreSQL."""
    if request.param == "postgresql":
        config["DATABASE_URL"] = request.getfixturevalue("emptied_postgresql")
