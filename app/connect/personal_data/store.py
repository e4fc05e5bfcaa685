"""The table of users whose personal data the app keeps (GDPR); only account ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    String,
    UniqueConstraint,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base
from ..db.columns import UTCDateTime, table_of, utc_now
from ..db.transactions import in_transaction, insert_if_new, upsert
from ..errors import UnknownTenantError
from ..protocol.account_ids import is_account_id
from ..tenants.rows import select_row

CLAIM: Final = timedelta(hours=1)
"""How long a worker has to report an account before another one takes over."""


class PersonalDataRecord(Base):
    """An account that is to be reported at ``due_at``."""

    __tablename__ = "personal_data_account"
    __table_args__ = (
        UniqueConstraint(
            "client_key", "account_id", name="uq_personal_data_account_once"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(String(255))
    account_id: Mapped[str] = mapped_column(String(128))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    def __repr__(self) -> str:
        return f"<PersonalDataRecord {self.id}>"


record = table_of(PersonalDataRecord)

_KEY = ("client_key", "account_id")


@dataclass(frozen=True, slots=True)
class Account:
    """An account, the age of the oldest data about it, and its next report."""

    client_key: str
    account_id: str
    updated_at: datetime
    due_at: datetime


class PersonalDataStore:
    """Stores the accounts; one per app, made by ``init_app``."""

    def __init__(self, db: SQLAlchemy) -> None:
        self._db = db

    def remember(
        self, client_key: str, account_id: str, *, refreshed: bool = False
    ) -> None:
        """Record that data about an account is kept, or that all of it is *refreshed*.

        :raises ValueError: if *account_id* is not an account id.
        :raises UnknownTenantError: if the app is not installed there.
        """
        if not is_account_id(account_id):
            raise ValueError("this is not an account id")
        now = utc_now()
        values = {
            "client_key": client_key,
            "account_id": account_id,
            "updated_at": now,
            "due_at": now,
        }

        def insert(connection: Connection) -> None:
            # Locked, so that an uninstall comes first, or deletes this row as well.
            tenant = select_row(connection, client_key, lock=True)
            if tenant is None or tenant.uninstalled_at is not None:
                raise UnknownTenantError("not installed", client_key=client_key)
            if refreshed:
                upsert(connection, record, values, key=_KEY, changed=["updated_at"])
            else:
                insert_if_new(connection, record, values, key=_KEY)

        in_transaction(self._db.engine, insert)

    def forget(self, client_key: str, account_id: str) -> None:
        """Record that no data about an account is kept any more."""
        gone = delete(record).where(*_is(client_key, [account_id]))
        in_transaction(self._db.engine, lambda connection: connection.execute(gone))

    def iterate(self, client_key: str | None = None) -> Iterator[Account]:
        """Yield the accounts of all tenants or of one."""
        query = select(record).order_by(record.c.client_key, record.c.account_id)
        if client_key is not None:
            query = query.where(record.c.client_key == client_key)
        with self._db.engine.connect() as connection:
            for row in connection.execute(query):
                yield _account(row)

    def find_due(self) -> list[str]:
        """Return the client keys of tenants with accounts that are due."""
        query = select(record.c.client_key).where(record.c.due_at <= utc_now())
        with self._db.engine.connect() as connection:
            return [*connection.scalars(query.distinct())]

    def claim(self, client_key: str, limit: int) -> list[Account]:
        """Return accounts that are due; no other worker gets them for CLAIM."""
        now = utc_now()
        due = select(record).where(
            record.c.client_key == client_key, record.c.due_at <= now
        )
        query = due.order_by(record.c.due_at, record.c.id).limit(limit)

        def take(connection: Connection) -> list[Account]:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            ids = [row.id for row in rows]
            taken = update(record).where(record.c.id.in_(ids))
            connection.execute(taken.values(due_at=now + CLAIM))
            return [_account(row) for row in rows]

        return in_transaction(self._db.engine, take)

    def set_due(self, accounts: Sequence[Account], due_at: datetime) -> None:
        """Set when a tenant's accounts are reported next."""
        ids = [account.account_id for account in accounts]
        later = update(record).where(*_is(accounts[0].client_key, ids))
        changed = later.values(due_at=due_at)
        in_transaction(self._db.engine, lambda connection: connection.execute(changed))


def get_store() -> PersonalDataStore:
    """Return the store of the current app."""
    store: PersonalDataStore = current_app.extensions["connect.personal_data"]
    return store


def drop_personal_data(connection: Connection, client_key: str) -> None:
    """Delete a tenant's accounts, in the transaction that uninstalls or purges it."""
    connection.execute(delete(record).where(record.c.client_key == client_key))


def _is(client_key: str, account_ids: Sequence[str]) -> tuple[Any, ...]:
    return record.c.client_key == client_key, record.c.account_id.in_(account_ids)


def _account(row: Any) -> Account:
    return Account(row.client_key, row.account_id, row.updated_at, row.due_at)
