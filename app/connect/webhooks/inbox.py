"""The webhook inbox: every webhook that was answered 204, until its retention ends.

Every method runs in its own transaction. Times are the worker's own, so the workers'
clocks must agree to within a few seconds.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, NamedTuple, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Row, bindparam, delete, select, update

from ..db.columns import table_of, utc_now
from ..db.encryption import SecretCipher
from ..db.transactions import in_transaction, insert_if_new
from .models import DeliveryRecord, Status
from .payload import Payload

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=30)
"""How long a worker holds a delivery unless it renews the lease."""

BATCH: Final = 25
"""How many deliveries a worker claims at a time."""

MAX_ERROR: Final = 255

record = table_of(DeliveryRecord)

# Closed ones have no ``enqueue_at``, so its index holds the open ones alone.
_DUE: Final = (
    select(record)
    .where(record.c.enqueue_at <= bindparam("now"))
    .order_by(record.c.enqueue_at, record.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
# Built once, since that takes longer than to execute them.
_THESE: Final = update(record).where(
    record.c.id.in_(bindparam("these", expanding=True))
)
_MINE: Final = _THESE.where(record.c.lease == bindparam("mine")).returning(record.c.id)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that only this worker can run until its lease ends."""

    id: int
    lease: str
    client_key: str
    event: str
    attempt: int
    received_at: datetime
    payload: str = field(repr=False)
    """Encrypted; :meth:`Inbox.read` decrypts it."""


class Batch(NamedTuple):
    """What one worker has claimed; ``more`` says if there is probably more to claim."""

    claims: Sequence[Claim]
    more: bool


class Inbox:
    """Stores deliveries; one per app, made by ``init_app``."""

    def __init__(self, db: SQLAlchemy, cipher: SecretCipher) -> None:
        self._db = db
        self._cipher = cipher

    def receive(
        self, client_key: str, event: str, *, fingerprint: str, payload: Payload
    ) -> int | None:
        """Store a delivery and return its id; None if it is a duplicate."""
        now = utc_now()
        values = {
            "client_key": client_key,
            "event": event,
            "fingerprint": fingerprint,
            "payload": self._cipher.encrypt(payload.dump()),
            "status": Status.RECEIVED,
            "attempts": 0,
            "received_at": now,
            **due(now),
        }

        def insert(connection: Connection) -> int | None:
            return insert_if_new(
                connection, record, values, key=["client_key", "fingerprint"]
            )

        return self._write(insert, single=True)

    def claim(self, *, max_attempts: int) -> Batch:
        """Claim the deliveries that are due, oldest first, at most ``BATCH`` of them.

        New ones are claimed together. One that was claimed before is claimed alone,
        since it may be what killed its worker. The claim counts as an attempt only
        then; otherwise what waited behind such a delivery would be parked with it.
        A delivery whose workers died *max_attempts* times is parked.
        """
        lease = secrets.token_hex(16)

        def take(connection: Connection) -> Batch:
            now = utc_now()
            rows = connection.execute(_DUE, {"now": now}).all()
            tired = [row.id for row in rows if row.attempts >= max_attempts]
            if tired:
                values = closed(Status.PARKED, "its worker died each time")
                _change(connection, tired, values)
            able = [row for row in rows if row.attempts < max_attempts]
            chosen = [*takewhile(_is_new, able)] or able[:1]
            if chosen:
                until = now + LEASE
                values = {
                    "status": Status.RUNNING,
                    "lease": lease,
                    "due_at": until,
                    "enqueue_at": until,
                }
                if len(chosen) == 1:
                    values["attempts"] = chosen[0].attempts + 1
                _change(connection, [row.id for row in chosen], values)
            more = len(rows) == BATCH or len(chosen) < len(able)
            return Batch([_to_claim(row, lease) for row in chosen], more)

        return self._write(take)

    def read(self, claim: Claim) -> Payload:
        """Return a delivery's payload.

        :raises ConfigurationError: if no encryption key decrypts it.
        """
        return Payload.load(self._cipher.decrypt(claim.payload))

    def renew(self, claim: Claim) -> bool:
        """Extend a lease; False if the delivery is gone or another worker's."""
        return bool(self._change_claimed([claim], due(utc_now() + LEASE)))

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back deliveries that were not run, for any worker to run now."""
        values = {"status": Status.RECEIVED, "lease": None, **due(utc_now())}
        self._change_claimed(claims, values)

    def close(
        self, claims: Sequence[Claim], status: Status, error: str | None = None
    ) -> bool:
        """Set the final status of claims of one batch; False if any is not ours now."""
        attempt = {"attempts": claims[0].attempt}
        return self._end(claims, closed(status, error) | attempt)

    def postpone(
        self, claim: Claim, delay: timedelta, error: str, *, counts: bool = True
    ) -> bool:
        """Schedule another run after *delay*; *counts* says if this was an attempt.

        Return False, and change nothing, if another worker has the delivery by now.
        """
        values = {
            "status": Status.RETRYING,
            "attempts": claim.attempt if counts else claim.attempt - 1,
            "lease": None,
            "error": error[:MAX_ERROR],
            **due(utc_now() + delay),
        }
        return self._end([claim], values)

    def _write(self, change: Callable[[Connection], _T], *, single: bool = False) -> _T:
        engine = self._db.engine
        # On SQLite the wait for the disk would be most of what a webhook costs.
        return in_transaction(engine, change, single=single, durable=False)

    def _end(self, claims: Sequence[Claim], values: dict[str, Any]) -> bool:
        gone = {claim.id for claim in claims} - self._change_claimed(claims, values)
        for delivery_id in gone:
            _logger.warning(
                "delivery %s is gone, or another worker has it by now", delivery_id
            )
        return not gone

    def _change_claimed(
        self, claims: Sequence[Claim], values: dict[str, Any]
    ) -> set[int]:
        """Change those of *claims*, all of one batch, that are still this worker's."""
        these = {"these": [claim.id for claim in claims], "mine": claims[0].lease}

        def change(connection: Connection) -> set[int]:
            return {*connection.scalars(_MINE, values | these)}

        return self._write(change, single=True)


def due(at: datetime) -> dict[str, datetime]:
    """Return the columns of an open delivery that any worker can run from *at* on."""
    return {"due_at": at, "enqueue_at": at}


def closed(status: Status, error: str | None = None) -> dict[str, Any]:
    """Return the columns of a delivery in a final status."""
    values: dict[str, Any] = {
        "status": status,
        "lease": None,
        "error": error and error[:MAX_ERROR],
        "enqueue_at": None,
        "finished_at": utc_now(),
    }
    if status is Status.DROPPED:
        values["payload"] = ""
    return values


def drop_deliveries(connection: Connection, client_key: str) -> None:
    """Delete a tenant's deliveries, in the transaction that uninstalls it."""
    connection.execute(delete(record).where(record.c.client_key == client_key))


def _change(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> None:
    connection.execute(_THESE, {**values, "these": ids})


def _is_new(row: Row[Any]) -> bool:
    return bool(row.status == Status.RECEIVED and row.attempts == 0)


def _to_claim(row: Row[Any], lease: str) -> Claim:
    return Claim(
        id=row.id,
        lease=lease,
        client_key=row.client_key,
        event=row.event,
        attempt=row.attempts + 1,
        received_at=row.received_at,
        payload=row.payload,
    )
