"""The webhook inbox: every webhook that was answered 204, until its retention ends.

Every method runs in its own transaction. Times are the worker's own, so the workers'
clocks must agree to within a few seconds.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Row, case, delete, select, update

from ..db.columns import table_of, utc_now
from ..db.encryption import SecretCipher
from ..db.transactions import in_transaction, insert_if_new
from .models import OPEN, DeliveryRecord, Status
from .payload import Payload

LEASE: Final = timedelta(seconds=30)
"""How long a worker holds a delivery unless it renews the lease."""

REMIND: Final = timedelta(seconds=60)
"""How long a delivery waits for a worker before it is enqueued again."""

MAX_REMIND: Final = timedelta(minutes=10)
MAX_ERROR: Final = 255

record = table_of(DeliveryRecord)


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
            "sent": 0,
            "received_at": now,
            "due_at": now,
            "enqueue_at": now + REMIND,
        }

        def insert(connection: Connection) -> int | None:
            return insert_if_new(
                connection, record, values, key=["client_key", "fingerprint"]
            )

        return in_transaction(self._db.engine, insert)

    def claim(self, delivery_id: int, *, max_attempts: int) -> Claim | None:
        """Claim a delivery to run it; None if it must not be run now.

        A delivery whose workers died *max_attempts* times is parked.
        """
        lease, now = secrets.token_hex(16), utc_now()

        def take(connection: Connection) -> Row[Any] | None:
            query = select(record).where(record.c.id == delivery_id)
            row = connection.execute(query.with_for_update()).first()
            if row is None or row.status not in OPEN or row.due_at > now:
                return None
            if row.attempts >= max_attempts:
                values = closed(Status.PARKED, "its worker died each time")
                _change(connection, delivery_id, values)
                return None
            values = {
                "status": Status.RUNNING,
                "lease": lease,
                "attempts": row.attempts + 1,
                "sent": 0,
                "due_at": now + LEASE,
                "enqueue_at": now + LEASE,
            }
            _change(connection, delivery_id, values)
            return row

        row = in_transaction(self._db.engine, take)
        if row is None:
            return None
        return Claim(
            id=row.id,
            lease=lease,
            client_key=row.client_key,
            event=row.event,
            attempt=row.attempts + 1,
            received_at=row.received_at,
            payload=row.payload,
        )

    def read(self, claim: Claim) -> Payload:
        """Return a delivery's payload.

        :raises ConfigurationError: if no encryption key decrypts it.
        """
        return Payload.load(self._cipher.decrypt(claim.payload))

    def renew(self, claim: Claim) -> bool:
        """Extend a lease; False if the delivery is gone or another worker's."""
        until = utc_now() + LEASE
        return self._change_claimed(claim, {"due_at": until, "enqueue_at": until})

    def close(self, claim: Claim, status: Status, error: str | None = None) -> bool:
        """Set a delivery's final status; False if it is gone or another worker's."""
        return self._change_claimed(claim, closed(status, error))

    def postpone(
        self, claim: Claim, delay: timedelta, error: str, *, counts: bool = True
    ) -> bool:
        """Schedule another run after *delay*; *counts* says if this was an attempt."""
        due_at = utc_now() + delay
        values = {
            "status": Status.RETRYING,
            "attempts": claim.attempt if counts else claim.attempt - 1,
            "lease": None,
            "error": error[:MAX_ERROR],
            "due_at": due_at,
            "enqueue_at": due_at,
        }
        return self._change_claimed(claim, values)

    def find_waiting(self, limit: int) -> Sequence[int]:
        """Return the ids of deliveries that should be enqueued now."""
        query = (
            select(record.c.id)
            .where(record.c.enqueue_at <= utc_now())
            .order_by(record.c.enqueue_at)
            .limit(limit)
        )
        with self._db.engine.connect() as connection:
            return connection.scalars(query).all()

    def note_untold(self, delivery_id: int) -> None:
        """Have the next sweep enqueue a delivery that could not be enqueued."""
        now = utc_now()

        def change(connection: Connection) -> None:
            waiting = record.c.status == Status.RECEIVED
            this = update(record).where(record.c.id == delivery_id, waiting)
            connection.execute(this.values(enqueue_at=now))

        in_transaction(self._db.engine, change)

    def note_told(self, ids: Sequence[int]) -> None:
        """Postpone the next time *ids* are enqueued again, longer each time."""
        now = utc_now()
        later = {count: now + REMIND * 2**count for count in range(4)}

        def change(connection: Connection) -> None:
            still = record.c.id.in_(ids) & (record.c.enqueue_at <= now)
            values = {
                "sent": record.c.sent + 1,
                "enqueue_at": case(later, value=record.c.sent, else_=now + MAX_REMIND),
            }
            connection.execute(update(record).where(still).values(values))

        in_transaction(self._db.engine, change)

    def _change_claimed(self, claim: Claim, values: dict[str, Any]) -> bool:
        def change(connection: Connection) -> bool:
            mine = (record.c.id == claim.id) & (record.c.lease == claim.lease)
            statement = update(record).where(mine).values(values)
            changed = connection.scalar(statement.returning(record.c.id))
            return changed is not None

        return in_transaction(self._db.engine, change)


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


def _change(connection: Connection, delivery_id: int, values: dict[str, Any]) -> None:
    connection.execute(update(record).where(record.c.id == delivery_id).values(values))
