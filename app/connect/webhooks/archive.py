"""The webhook archive: list, replay, re-encrypt and purge deliveries in bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    select,
    true,
    update,
)

from ..db.columns import utc_now
from ..db.encryption import SecretCipher
from ..db.transactions import in_transaction
from .inbox import due, record
from .models import DeliveryState, Status
from .payload import Payload

BATCH: Final = 200
_FIELDS = tuple(DeliveryState.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter for deliveries; all fields that are set must match."""

    ids: tuple[int, ...] = ()
    client_key: str | None = None
    event: str | None = None
    status: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    """At most this many, the newest ones."""

    def condition(self) -> ColumnElement[bool]:
        """Return the filter as SQL, without the limit."""
        columns = record.c
        parts: list[ColumnElement[bool]] = [true()]
        if self.ids:
            parts.append(columns.id.in_(self.ids))
        if self.client_key:
            parts.append(columns.client_key == self.client_key)
        if self.event:
            parts.append(columns.event == self.event)
        if self.status:
            parts.append(columns.status.in_(self.status))
        if self.since:
            parts.append(columns.received_at >= self.since)
        if self.until:
            parts.append(columns.received_at < self.until)
        return and_(*parts)


class Archive:
    """Reads and changes deliveries in bulk; one per app, made by ``init_app``."""

    def __init__(self, db: SQLAlchemy, cipher: SecretCipher) -> None:
        self._db = db
        self._cipher = cipher

    def count(self, wanted: Filter) -> int:
        """Return the number of matching deliveries."""
        query = select(func.count()).select_from(record).where(wanted.condition())
        with self._db.engine.connect() as connection:
            found = connection.scalar(query) or 0
        return found if wanted.limit is None else min(found, wanted.limit)

    def iterate(self, wanted: Filter) -> Iterator[DeliveryState]:
        """Yield the matching deliveries, newest first."""
        last: int | None = None
        left = wanted.limit
        while left is None or left > 0:
            size = BATCH if left is None else min(BATCH, left)
            rows = self._rows(wanted, last, size)
            yield from map(_to_state, rows)
            if len(rows) < size:
                return
            last = rows[-1].id
            left = None if left is None else left - len(rows)

    def find(self, delivery_id: int) -> DeliveryState | None:
        """Return a delivery; None if there is no such delivery."""
        return next(self.iterate(Filter(ids=(delivery_id,))), None)

    def read(self, delivery_id: int) -> Payload | None:
        """Return a delivery's payload; None if it is unknown or erased.

        :raises ConfigurationError: if no encryption key decrypts it.
        """
        with self._db.engine.connect() as connection:
            query = select(record.c.payload).where(record.c.id == delivery_id)
            stored = connection.scalar(query)
        return Payload.load(self._cipher.decrypt(stored)) if stored else None

    def replay(self, wanted: Filter) -> Iterator[list[int]]:
        """Reset deliveries to be run from the start; yield their ids in batches.

        Deliveries that are running or whose body is erased are left alone.
        """
        able = (record.c.status != Status.RUNNING) & (record.c.payload != "")
        now = utc_now()
        values = {
            "status": Status.RECEIVED,
            "attempts": 0,
            "error": None,
            **due(now),
            "finished_at": None,
        }

        def change(ids: list[int], connection: Connection) -> list[int]:
            chosen = update(record).where(record.c.id.in_(ids), able).values(values)
            return [*connection.scalars(chosen.returning(record.c.id))]

        for ids in self._batches(wanted):
            yield in_transaction(self._db.engine, partial(change, ids))

    def purge(self, wanted: Filter) -> Iterator[int]:
        """Delete deliveries that are not running; yield the size of each batch."""

        def remove(ids: list[int], connection: Connection) -> int:
            idle = record.c.status != Status.RUNNING
            gone = delete(record).where(record.c.id.in_(ids), idle)
            return len(connection.scalars(gone.returning(record.c.id)).all())

        for ids in self._batches(wanted):
            yield in_transaction(self._db.engine, partial(remove, ids))

    def reencrypt(self) -> Iterator[int]:
        """Re-encrypt every body with the newest key; yield the size of each batch.

        :raises ConfigurationError: if no encryption key decrypts one.
        """

        def change(ids: list[int], connection: Connection) -> int:
            query = select(record.c.id, record.c.payload)
            chosen = query.where(record.c.id.in_(ids), record.c.payload != "")
            for row in connection.execute(chosen.with_for_update()).all():
                rotated = self._cipher.rotate(row.payload)
                one = update(record).where(record.c.id == row.id)
                connection.execute(one.values(payload=rotated))
            return len(ids)

        for ids in self._batches(Filter()):
            yield in_transaction(self._db.engine, partial(change, ids))

    def _batches(self, wanted: Filter) -> Iterator[list[int]]:
        batch: list[int] = []
        for delivery in self.iterate(wanted):
            batch.append(delivery.id)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _rows(self, wanted: Filter, last: int | None, size: int) -> list[Row[Any]]:
        before = true() if last is None else record.c.id < last
        query = select(*[record.c[name] for name in _FIELDS])
        chosen = query.where(wanted.condition(), before)
        with self._db.engine.connect() as connection:
            ordered = chosen.order_by(record.c.id.desc()).limit(size)
            return [*connection.execute(ordered)]


def _to_state(row: Row[Any]) -> DeliveryState:
    fields = row._asdict()
    return DeliveryState(**fields | {"status": Status(row.status)})
