"""The state of the local Confluence, stored in one SQLite file.

One connection with one lock serves every thread: the host has a single user.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devhost.site.state_file import NoStateFile, prepare

MEMORY = ":memory:"
SCHEMA_VERSION = 2
# Version 1 had no custom content; devhost/wiki/schema.py extends its table.
OLDER_VERSIONS = (1,)
SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE installation (
    app_key TEXT PRIMARY KEY,
    client_key TEXT NOT NULL,
    shared_secret TEXT NOT NULL,
    oauth_client_id TEXT,
    descriptor_url TEXT NOT NULL,
    descriptor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'uninstalled'))
);
CREATE TABLE app_property (
    app_key TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (app_key, key)
);
CREATE TABLE dynamic_module (
    id INTEGER PRIMARY KEY,
    app_key TEXT NOT NULL,
    type TEXT NOT NULL,
    key TEXT,
    definition TEXT NOT NULL,
    UNIQUE (app_key, key)
);
CREATE TABLE callback (
    id INTEGER PRIMARY KEY,
    app_key TEXT NOT NULL,
    event TEXT NOT NULL,
    request_line TEXT NOT NULL,
    answer TEXT NOT NULL,
    sent_at INTEGER NOT NULL
);
"""


class StateError(Exception):
    """The state file cannot be used; the message says what to do."""


class StateClosedError(sqlite3.ProgrammingError):
    """The host was stopped; a request or thread still running has no effect."""


class State:
    """The SQLite file, or ``:memory:``."""

    def __init__(
        self,
        path: str | Path = MEMORY,
        product: str = "confluence",
        *,
        fresh: bool = False,
    ) -> None:
        """Open *path*, and create what is missing; with *fresh*, forget its contents.

        :raises StateError: if the file is not a state file of this version, or of a
            site of another product.
        """
        # Reentrant; hold it to prevent changes between two steps.
        self.lock = threading.RLock()
        self._is_closed = False
        try:
            if str(path) != MEMORY:
                prepare(Path(path), fresh=fresh)
            self._connection = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None
            )
            self._connection.row_factory = sqlite3.Row
            self._open_schema(product)
        except NoStateFile as error:
            raise StateError(
                f"cannot use the state file {path}: {error}; "
                "choose another with --state"
            ) from error
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StateError(
                f"cannot use the state file {path}: {reason}; "
                "choose another with --state, or start over with --fresh"
            ) from error

    def _open_schema(self, product: str) -> None:
        try:
            self._create_schema(product)
        except sqlite3.Error:
            self._connection.close()
            raise

    def _create_schema(self, product: str) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._connection.executescript(
                f"BEGIN;{SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
            )
            self.set_setting("product", product)
        elif version not in {*OLDER_VERSIONS, SCHEMA_VERSION}:
            raise sqlite3.DatabaseError(
                f"it has schema version {version}, this program has {SCHEMA_VERSION}"
            )
        # A file from before there was a choice names no product.
        found = self.find_setting("product") or "confluence"
        if found != product:
            raise sqlite3.DatabaseError(f"it holds a site of {found}, not of {product}")
        if version in OLDER_VERSIONS:
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock, and commit at the end or roll back on an exception."""
        with self.lock:
            if self._is_closed:
                raise StateClosedError("the host is stopped")
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def find_setting(self, name: str) -> str | None:
        """Return a stored setting, None if it was never set."""
        with self.transaction() as sql:
            row = sql.execute("SELECT value FROM setting WHERE name = ?", [name])
            found = row.fetchone()
        return None if found is None else str(found["value"])

    def set_setting(self, name: str, value: str) -> None:
        """Store a setting."""
        with self.transaction() as sql:
            sql.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])

    def settings(self, prefix: str) -> dict[str, str]:
        """Return the stored settings whose names begin with *prefix*."""
        with self.transaction() as sql:
            rows = sql.execute(
                "SELECT name, value FROM setting WHERE substr(name, 1, ?) = ?"
                " ORDER BY name",
                [len(prefix), prefix],
            ).fetchall()
        return {str(row["name"]): str(row["value"]) for row in rows}

    def copy_from(self, other: "State") -> None:
        """Become a copy of *other*, in every table that exists."""
        with other.lock, self.lock:
            other._connection.backup(self._connection)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._is_closed = True
            self._connection.close()
