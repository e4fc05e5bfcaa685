"""The access tokens that the app acts as users with: encrypted, for all workers.

A row is found by a fingerprint alone, so the table names no user. It also says
which worker is asking for a token, so that the others wait for that one.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, String, Table, Text, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from ....extensions import Base
from ...db.columns import UTCDateTime, utc_now
from ...db.encryption import SecretCipher
from ...db.transactions import in_transaction
from ...errors import ConfigurationError

LEASE: Final = timedelta(seconds=20)
"""How long one worker may ask before another one does. Longer than asking takes."""

_T = TypeVar("_T")


class UserTokenRecord(Base):
    """An access token as it is stored; no token while the first is asked for."""

    __tablename__ = "user_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(String(255), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    access_token: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<UserTokenRecord {self.id}>"


record = cast(Table, UserTokenRecord.__table__)


@dataclass(frozen=True, slots=True)
class UserToken:
    """An access token; ``stored`` is how the database has it."""

    value: str = field(repr=False)
    stored: str = field(repr=False)


class UserTokens:
    """Keeps access tokens; one per app, made by ``init_app``."""

    def __init__(self, db: SQLAlchemy, cipher: SecretCipher) -> None:
        self._db = db
        self._cipher = cipher

    def find(self, fingerprint: str) -> UserToken | None:
        """Return the token that is kept; None if there is none, or too old a one."""
        query = select(record.c.access_token).where(
            record.c.fingerprint == fingerprint, record.c.expires_at > utc_now()
        )
        with self._db.engine.connect() as connection:
            stored = connection.scalar(query)
        if stored is None:
            return None
        try:
            return UserToken(self._cipher.decrypt(stored), stored)
        except ConfigurationError:
            # Its key is gone. A token can be had anew, unlike a secret.
            self.drop(fingerprint, stored)
            return None

    def claim(self, client_key: str, fingerprint: str) -> str | None:
        """Return a lease to ask for a token; None if another worker has one.

        None as well if there is a token by now.
        """
        lease, now = secrets.token_hex(16), utc_now()
        claimed = {"lease": lease, "lease_until": now + LEASE}

        def change(connection: Connection) -> str | None:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            new = dialect.insert(record).values(
                client_key=client_key,
                fingerprint=fingerprint,
                expires_at=now,
                **claimed,
            )
            new = new.on_conflict_do_nothing(index_elements=[record.c.fingerprint])
            taken = update(record).where(
                record.c.fingerprint == fingerprint,
                record.c.expires_at <= now,
                or_(record.c.lease.is_(None), record.c.lease_until <= now),
            )
            for statement in (new, taken.values(claimed)):
                if connection.scalar(statement.returning(record.c.id)) is not None:
                    return lease
            return None

        return self._write(change)

    def keep(
        self, fingerprint: str, lease: str, value: str, expires_at: datetime
    ) -> UserToken:
        """Store a token, unless its tenant was dropped, or the lease lost."""
        token = UserToken(value, self._cipher.encrypt(value))
        self._end(fingerprint, lease, access_token=token.stored, expires_at=expires_at)
        return token

    def release(self, fingerprint: str, lease: str) -> None:
        """Let another worker ask."""
        self._end(fingerprint, lease)

    def drop(self, fingerprint: str, stored: str) -> None:
        """Forget a token that is good no longer, but no newer one."""
        same = (record.c.fingerprint == fingerprint, record.c.access_token == stored)
        self._write(lambda connection: connection.execute(delete(record).where(*same)))

    def drop_all(self) -> int:
        """Forget every token, and return how many rows that were."""
        return self._write(lambda connection: _delete(connection, record.c.id > 0))

    def drop_expired(self) -> int:
        """Delete the rows that nobody needs, and return how many these were."""
        now = utc_now()
        free = or_(record.c.lease.is_(None), record.c.lease_until <= now)
        return self._write(
            lambda connection: _delete(connection, record.c.expires_at <= now, free)
        )

    def _end(self, fingerprint: str, lease: str, **values: Any) -> None:
        ours = (record.c.fingerprint == fingerprint, record.c.lease == lease)
        statement = update(record).where(*ours)
        changed = statement.values(lease=None, lease_until=None, **values)
        self._write(lambda connection: connection.execute(changed))

    def _write(self, change: Callable[[Connection], _T]) -> _T:
        return in_transaction(self._db.engine, change)


def drop_user_tokens(connection: Connection, client_key: str) -> None:
    """Forget the tokens of one tenant, in the transaction that ends its secret."""
    _delete(connection, record.c.client_key == client_key)


def _delete(connection: Connection, *conditions: Any) -> int:
    gone = delete(record).where(*conditions).returning(record.c.id)
    return len(connection.scalars(gone).all())
