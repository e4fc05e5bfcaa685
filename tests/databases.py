"""Test databases: migrated once, and emptied for each test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app.extensions import db
from tests.example import create_app

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1/"


def migrate(config: dict[str, Any]) -> None:
    """Migrate the database that *config* names."""
    app = create_app(config)
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 0, done.output
    with app.app_context():
        db.engine.dispose()


def copy_tables(template: Path, database_url: str) -> None:
    """Copy *template* to the path of a SQLite database, unless it exists."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database is not None:
        path = Path(url.database)
        if not path.exists():
            shutil.copyfile(template, path)


@contextmanager
def new_postgresql(kind: str) -> Iterator[str]:
    """Create a PostgreSQL database. Without a server, fail in CI and skip elsewhere."""
    server = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    name = f"connect_test_{kind}_{os.getpid()}"
    admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
    drop = text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    try:
        with admin.connect() as connection:
            connection.execute(drop)
            connection.execute(text(f"CREATE DATABASE {name}"))
            # Test data need not survive a crash.
            connection.execute(
                text(f"ALTER DATABASE {name} SET synchronous_commit=off")
            )
    except OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL answers at {server}; set TEST_POSTGRESQL_URL")
    yield f"{server}{name}"
    with admin.connect() as connection:
        connection.execute(drop)
    admin.dispose()


def drop_tables(connection: Connection) -> None:
    """Drop everything in a PostgreSQL database."""
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


def empty_tables(connection: Connection) -> None:
    """Delete all rows in a PostgreSQL database."""
    tables = ", ".join(table.name for table in db.metadata.sorted_tables)
    connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
