"""Upgrades of a big PostgreSQL database while the app keeps reading it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, create_engine, text

from app.extensions import db, migrate
from tests.example import create_app

ROWS = int(os.environ.get("MIGRATION_ROWS", "100000"))
TENANTS = f"""
INSERT INTO tenant (client_key, base_url, display_url, product_type, shared_secret,
                    token_issued_at, enabled, installed_at, updated_at)
SELECT 'key-' || n, 'https://example.atlassian.net/wiki', '', 'confluence', '',
       0, true, now(), now()
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 - a number of ours
FILES = """
SELECT relname, relfilenode FROM pg_class WHERE relname IN ('tenant', 'tenant_event')
"""


@pytest.fixture
def app(postgresql_url: str, config: dict[str, Any]) -> Iterator[Flask]:
    """The app on PostgreSQL, without tables."""
    app = create_app(config | {"DATABASE_URL": postgresql_url})
    yield app
    with app.app_context():
        db.engine.dispose()


def upgrade(app: Flask, revision: str) -> str:
    done = app.test_cli_runner().invoke(args=["db", "upgrade", revision])
    return "" if done.exit_code == 0 else f"{done.output}{done.exception}"


def revisions() -> list[str]:
    """Return the revisions, oldest first."""
    script = ScriptDirectory(str(migrate.directory))
    return [each.revision for each in script.walk_revisions()][::-1]


def test_an_upgrade_rewrites_no_table_and_stops_no_reader(
    app: Flask, postgresql_url: str
) -> None:
    first, *others = revisions()
    assert upgrade(app, first) == ""
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text(TENANTS))
        before = connection.execute(text(FILES)).all()
    for revision in others:
        with _reading(postgresql_url) as failures:
            assert upgrade(app, revision) == ""
        assert failures == [], revision
    with engine.connect() as connection:
        # A table that was written anew has a new file, and was locked meanwhile.
        assert connection.execute(text(FILES)).all() == before
    engine.dispose()


def test_an_upgrade_does_not_queue_behind_a_long_query(
    app: Flask, postgresql_url: str
) -> None:
    """Whoever reads the table would have to queue behind the upgrade."""
    assert upgrade(app, "0005") == ""
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        # The next revision drops this one.
        connection.execute(text("SELECT * FROM user_token"))
        assert "LockNotAvailable" in upgrade(app, "head")
    engine.dispose()
    assert upgrade(app, "head") == ""


@contextmanager
def _reading(url: str) -> Iterator[list[str]]:
    """Read all tables again and again; yield what goes wrong, such as a timeout."""
    failures: list[str] = []
    ended = threading.Event()
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def read(connection: Connection) -> None:
        connection.execute(text("SET statement_timeout = '2s'"))
        while not ended.wait(0.005):
            for table in ("tenant", "tenant_event"):
                connection.execute(text(f"SELECT * FROM {table} LIMIT 1"))  # noqa: S608 - names of ours

    def run() -> None:
        try:
            with engine.connect() as connection:
                read(connection)
        except Exception as error:
            failures.append(repr(error))

    thread = threading.Thread(target=run)
    thread.start()
    yield failures
    ended.set()
    thread.join()
    engine.dispose()
