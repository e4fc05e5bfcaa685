"""SQLite settings: write-ahead log, busy timeout and foreign keys."""

import sqlite3
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

BUSY_SECONDS: Final = 10
"""How long a writer waits for another process's transaction to end."""

_PYTHONS_BUSY_MILLISECONDS = 5000


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
