"""Webhook deliveries, stored in the state file; the latest 500 are kept."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from devhost.exchanges.message import Headers
from devhost.site.state import State

KEPT_DELIVERIES = 500
OUTCOMES = ("waiting", "delivered", "refused", "failed", "not-sent")
STOPPED = "the local Confluence was stopped before there was an answer"
TABLE = """
CREATE TABLE IF NOT EXISTS webhook_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    app_key TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT,
    account_id TEXT,
    at REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    repeats INTEGER,
    note TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT 'waiting',
    status INTEGER,
    failure TEXT NOT NULL DEFAULT '',
    sent_at REAL,
    milliseconds REAL,
    headers TEXT NOT NULL DEFAULT '[]',
    revision INTEGER NOT NULL
)"""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one webhook of one app."""

    id: int
    event: str
    app_key: str
    url: str
    body: str | None = field(repr=False)
    """The body as it is sent; None for a webhook with ``excludeBody``."""
    account_id: str | None
    """Who caused the event; None if unknown or anonymous."""
    at: float
    """When the event happened, in seconds since the epoch."""
    attempt: int = 1
    repeats: int | None = None
    """The delivery that this one repeats, as a retry or by hand."""
    note: str = ""
    """Anything unusual about it, such as a fault."""
    outcome: str = "waiting"
    """``waiting``, ``delivered`` (2xx), ``refused``, ``failed`` or ``not-sent``."""
    status: int | None = None
    failure: str = ""
    """Why there is no answer, or why it was not sent."""
    sent_at: float | None = None
    milliseconds: float | None = None
    request_headers: Headers = field(default=(), repr=False)
    """The headers as they were sent, with the token masked."""
    revision: int = 0
    """Grows with every change of any delivery, for clients that poll."""

    @property
    def json(self) -> Any:
        """The body as JSON, None if there is no body."""
        return None if self.body is None else json.loads(self.body)


def _of_row(row: sqlite3.Row) -> Delivery:
    fields = dict(row)
    headers = json.loads(fields.pop("headers"))
    pairs = tuple((name, value) for name, value in headers)
    return Delivery(**fields, request_headers=pairs)


class Deliveries:
    """The deliveries of one site, newest last."""

    def __init__(self, state: State) -> None:
        """Open the table; mark what an earlier process left waiting as not sent."""
        self._state = state
        with state.transaction() as sql:
            sql.execute(TABLE)
            sql.execute(
                "UPDATE webhook_delivery SET outcome = 'not-sent', failure = ?"
                " WHERE outcome = 'waiting'",
                [STOPPED],
            )
            row = sql.execute("SELECT max(revision) FROM webhook_delivery").fetchone()
            self._revision: int = row[0] or 0

    @property
    def revision(self) -> int:
        """The revision of the latest change."""
        with self._state.transaction():
            return self._revision

    def _next_revision(self) -> int:
        # Within a transaction, whose lock is held.
        self._revision += 1
        return self._revision

    def add(self, **fields: Any) -> Delivery:
        """Store a delivery, with the fields of ``Delivery`` except its id."""
        with self._state.transaction() as sql:
            fields["revision"] = self._next_revision()
            names, marks = ", ".join(fields), ", ".join(f":{name}" for name in fields)
            cursor = sql.execute(
                f"INSERT INTO webhook_delivery ({names}) VALUES ({marks})",  # noqa: S608 - names of our own; values are bound
                fields,
            )
            number = int(cursor.lastrowid or 0)
            sql.execute(
                "DELETE FROM webhook_delivery WHERE id <= ?",
                [number - KEPT_DELIVERIES],
            )
            found = self.find_by_id(number)
        assert found is not None  # noqa: S101 - it has just been written
        return found

    def finish(self, delivery_id: int, **fields: Any) -> None:
        """Store the outcome of a delivery."""
        if "request_headers" in fields:
            fields["headers"] = json.dumps(fields.pop("request_headers"))
        with self._state.transaction() as sql:
            fields["revision"] = self._next_revision()
            changes = ", ".join(f"{name} = :{name}" for name in fields)
            sql.execute(
                f"UPDATE webhook_delivery SET {changes} WHERE id = :id",  # noqa: S608 - names of our own; values are bound
                {**fields, "id": delivery_id},
            )

    def find_by_id(self, delivery_id: int) -> Delivery | None:
        """Return a delivery, None if it is no longer kept."""
        found = self._read("WHERE id = ?", delivery_id)
        return found[0] if found else None

    def find(
        self,
        event: str | None = None,
        *,
        app_key: str | None = None,
        outcome: str | None = None,
        after: int = 0,
        since: int = 0,
    ) -> list[Delivery]:
        """Return the deliveries that match everything given, oldest first.

        ``after`` is the id, ``since`` the revision after which the search begins.
        """
        wanted = {"event": event, "app_key": app_key, "outcome": outcome}
        fits = [(name, value) for name, value in wanted.items() if value is not None]
        conditions = "".join(f" AND {name} = ?" for name, _ in fits)
        values = [value for _, value in fits]
        condition = f"WHERE id > ? AND revision > ?{conditions} ORDER BY id"
        return self._read(condition, after, since, *values)

    def clear(self) -> None:
        """Forget every finished delivery; ids continue."""
        with self._state.transaction() as sql:
            # Clients that poll notice that there are fewer.
            self._next_revision()
            sql.execute("DELETE FROM webhook_delivery WHERE outcome != 'waiting'")

    def _read(self, condition: str, *values: object) -> list[Delivery]:
        with self._state.transaction() as sql:
            rows = sql.execute(
                f"SELECT * FROM webhook_delivery {condition}",  # noqa: S608 - conditions of our own; values are bound
                values,
            ).fetchall()
        return [_of_row(row) for row in rows]
