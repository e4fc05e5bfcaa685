"""The migrations on both databases, up and down, and SQLite's settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from app.connect.db.columns import utc_now
from app.connect.db.sqlite import BUSY_SECONDS
from app.connect.tenants.models import TenantRecord
from app.extensions import db
from tests.example import create_app

OURS = {
    "install_key",
    "personal_data_account",
    "tenant",
    "tenant_event",
    "tenant_license",
    "webhook_delivery",
}
TABLES = {"alembic_version"} | OURS


@pytest.fixture(params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, config: dict[str, Any], tmp_path: Path
) -> Iterator[Flask]:
    """The app on an empty database, without tables."""
    config["DATABASE_URL"] = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    if request.param == "postgresql":
        config["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    app = create_app(config)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def run(runner: FlaskCliRunner, *arguments: str) -> str:
    done = runner.invoke(args=["db", *arguments])
    assert done.exit_code == 0, done.output
    return str(done.output)


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


def test_up_down_and_up_again(app: Flask, runner: FlaskCliRunner) -> None:
    assert tables(app) == set()
    run(runner, "upgrade")
    assert tables(app) == TABLES
    run(runner, "check")
    run(runner, "downgrade", "base")
    assert tables(app) == {"alembic_version"}
    run(runner, "upgrade")
    assert tables(app) == TABLES
    run(runner, "check")


def test_each_step_can_be_taken_back(app: Flask, runner: FlaskCliRunner) -> None:
    run(runner, "upgrade")
    run(runner, "downgrade")
    run(runner, "upgrade")
    run(runner, "check")


def test_a_pending_operation_is_noticed(app: Flask, runner: FlaskCliRunner) -> None:
    run(runner, "upgrade")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_tenant_event_client_key"))
    assert runner.invoke(args=["db", "check"]).exit_code != 0


def test_the_migrated_tables_have_the_models_constraints(
    app: Flask, runner: FlaskCliRunner
) -> None:
    def shape() -> dict[str, Any]:
        with app.app_context():
            inspector = inspect(db.engine)
            return {
                table: (
                    sorted(
                        (column["name"], str(column["type"]), column["nullable"])
                        for column in inspector.get_columns(table)
                    ),
                    sorted(
                        (str(unique["name"]), unique["column_names"])
                        for unique in inspector.get_unique_constraints(table)
                    ),
                    sorted(
                        (str(index["name"]), index["column_names"])
                        for index in inspector.get_indexes(table)
                    ),
                    inspector.get_pk_constraint(table),
                )
                for table in sorted(OURS)
            }

    run(runner, "upgrade")
    migrated = shape()
    run(runner, "downgrade", "base")
    with app.app_context():
        db.create_all()
    assert shape() == migrated


def test_the_migrated_tables_hold_a_tenant_once(
    app: Flask, runner: FlaskCliRunner
) -> None:
    run(runner, "upgrade")
    now = utc_now()
    values = {
        "client_key": "client",
        "base_url": "https://example.atlassian.net/wiki",
        "display_url": "https://example.atlassian.net/wiki",
        "product_type": "confluence",
        "shared_secret": "encrypted",
        "token_issued_at": 1_700_000_000.25,
        "enabled": True,
        "installed_at": now,
        "updated_at": now,
    }
    with app.app_context():
        db.session.add(TenantRecord(**values))
        db.session.commit()
        stored = db.session.execute(db.select(TenantRecord)).scalar_one()
        assert stored.installed_at == now
        assert stored.token_issued_at == 1_700_000_000.25
        db.session.add(TenantRecord(**values))
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()


def test_a_revision_that_changes_nothing_writes_no_file(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    run(runner, "upgrade")
    run(runner, "revision", "--autogenerate", "--version-path", str(tmp_path))
    assert [path.name for path in tmp_path.glob("*.py")] == []


def test_the_statements_can_be_printed(runner: FlaskCliRunner) -> None:
    printed = run(runner, "upgrade", "--sql")
    assert "CREATE TABLE tenant " in printed
    assert "CREATE TABLE tenant_event " in printed


def test_sqlite_waits_for_other_writers(config: dict[str, Any], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    app = create_app(config | {"DATABASE_URL": url})
    with app.app_context():
        with db.engine.connect() as connection:

            def pragma(name: str) -> Any:
                return connection.execute(text(f"PRAGMA {name}")).scalar()

            assert pragma("journal_mode") == "wal"
            assert pragma("busy_timeout") == BUSY_SECONDS * 1_000 > 0
            assert pragma("foreign_keys") == 1
        db.engine.dispose()
