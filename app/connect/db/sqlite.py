"""SQLite: its settings, and writers that queue instead of colliding."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

BUSY_SECONDS: Final = 10
"""How long a writer waits for another process's transaction to end."""

_PYTHONS_BUSY_MILLISECONDS = 5000
_NORMAL = 1  # https://www.sqlite.org/pragma.html#pragma_synchronous

# Reentrant, so that a transaction within another one fails instead of hanging.
_turn = threading.RLock()


def listen() -> None:
    """Configure every SQLite connection of this process, whichever engine opens it."""
    if not event.contains(Engine, "connect", _prepare):
        event.listen(Engine, "connect", _prepare)


def _prepare(connection: Any, _record: Any) -> None:
    """Let readers and one writer work in parallel, and writers wait for each other."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode=WAL")
        [timeout] = connection.execute("PRAGMA busy_timeout").fetchone()
        # Unless the caller has set its own timeout, as the task queue does.
        if timeout == _PYTHONS_BUSY_MILLISECONDS:
            connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def write_transaction(engine: Engine, *, durable: bool = True) -> Iterator[Connection]:
    """Begin a transaction that has the write lock before its first read.

    Otherwise two transactions read the same row and both write it. Of this process one
    thread at a time asks for the lock. One that is not *durable* does not wait for the
    disk: it outlives every process, but not a power failure.

    :raises OperationalError: if the lock is not free within ``BUSY_SECONDS``.
    """
    # Without a turn SQLite decides, which says what is wrong.
    has_turn = _turn.acquire(timeout=BUSY_SECONDS)
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            [level] = raw.execute("PRAGMA synchronous").fetchone()
            if not durable:
                raw.execute(f"PRAGMA synchronous={min(level, _NORMAL)}")
            try:
                with connection.begin():
                    _begin_immediate(connection, raw)
                    yield connection
            finally:
                raw.execute(f"PRAGMA synchronous={level}")
    finally:
        if has_turn:
            _turn.release()


def _begin_immediate(connection: Connection, raw: Any) -> None:
    """Ask for the lock every few milliseconds: SQLite itself asks ever less often."""
    raw.execute("PRAGMA busy_timeout=8")
    end = time.monotonic() + BUSY_SECONDS
    try:
        while time.monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
