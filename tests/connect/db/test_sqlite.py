"""SQLite: writers queue, and one that waits too long is told so."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError

from app.connect.db import sqlite as module
from app.connect.db.sqlite import BUSY_SECONDS, _begin_immediate
from app.connect.db.transactions import in_transaction

# https://www.sqlite.org/pragma.html#pragma_synchronous
NORMAL, FULL = 1, 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite3"


@pytest.fixture
def engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    return engine


def lock(path: Path) -> sqlite3.Connection:
    """Hold the write lock as another process does."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def add_one(engine: Engine) -> None:
    in_transaction(
        engine, lambda own: own.exec_driver_sql("UPDATE counter SET n = n + 1")
    )


def test_writers_wait_for_another_process(engine: Engine, path: Path) -> None:
    other = lock(path)
    waiting = threading.Thread(target=add_one, args=(engine,))
    waiting.start()
    time.sleep(0.05)
    assert waiting.is_alive()
    other.execute("ROLLBACK")
    waiting.join(20)
    assert other.execute("SELECT n FROM counter").fetchone() == (1,)
    other.close()


def test_writers_of_one_process_write_one_after_the_other(engine: Engine) -> None:
    inside, most = 0, 0

    def change(connection: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)
        inside -= 1

    threads = [
        threading.Thread(target=in_transaction, args=(engine, change)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_writer_that_waits_too_long_is_told_so(
    engine: Engine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    other = lock(path)
    with pytest.raises(OperationalError, match="locked"):
        add_one(engine)
    other.close()


def test_a_thread_whose_turn_does_not_come_asks_sqlite(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)

    def add_one_elsewhere(connection: object) -> None:
        errors: list[Exception] = []

        def add() -> None:
            try:
                add_one(engine)
            except OperationalError as error:
                errors.append(error)

        thread = threading.Thread(target=add)
        thread.start()
        thread.join()
        assert "locked" in str(errors)

    in_transaction(engine, add_one_elsewhere)


def test_a_transaction_within_another_is_an_error_and_does_not_hang(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    with pytest.raises(OperationalError, match="locked"):
        in_transaction(engine, lambda connection: add_one(engine))


def test_what_waiting_does_not_mend_is_an_error_at_once(engine: Engine) -> None:
    began = time.monotonic()
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("BEGIN")
        with pytest.raises(OperationalError, match="within a transaction"):
            _begin_immediate(connection, raw)
    assert time.monotonic() - began < BUSY_SECONDS


@pytest.mark.parametrize(("durable", "level"), [(True, FULL), (False, NORMAL)])
def test_only_what_must_outlive_a_power_failure_waits_for_the_disk(
    engine: Engine, durable: bool, level: int
) -> None:
    def read(connection: Connection) -> object:
        return connection.exec_driver_sql("PRAGMA synchronous").scalar()

    with engine.connect() as connection:
        # The tests' own setting is neither. The pool lends the same connection again.
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
    assert in_transaction(engine, read, durable=durable) == level
    with engine.connect() as connection:
        assert read(connection) == FULL


def test_other_statements_keep_their_patience(engine: Engine) -> None:
    add_one(engine)
    with engine.connect() as connection:
        timeout = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert timeout == BUSY_SECONDS * 1000
