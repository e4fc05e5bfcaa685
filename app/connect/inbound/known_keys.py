"""Known keys: the install keys that have verified a genuine install, in the database.

So a new worker, or one that was restarted, verifies an install without asking a key
server. Strangers can't fill the table: a key is stored only after it has verified a
token for this app.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import Connection, String, Text, bindparam, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base, db
from ..db.columns import UTCDateTime, table_of, utc_now
from ..db.postgresql import as_in_a_request
from ..db.transactions import in_transaction, upsert
from .key_servers import read_key

MAX_KNOWN: Final = 20
"""How many keys are kept, the latest ones; Atlassian uses very few."""

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


class InstallKeyRecord(Base):
    """An install key that was good once."""

    __tablename__ = "install_key"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    pem: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)


_record = table_of(InstallKeyRecord)
# Built once, since strangers can have it run often.
_find = select(_record).where(_record.c.key_id == bindparam("wanted"))


class KnownKeys:
    """The table of known keys. If the database is down, no key is known."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def find(self, key_id: str) -> tuple[RSAPublicKey, float] | None:
        """Return a key and its age in seconds; None if it is not known."""

        def read() -> Any:
            with db.engine.connect() as connection:
                return connection.execute(_find, {"wanted": key_id}).first()

        row = self._try(read)
        if row is None or (key := read_key(row.pem.encode())) is None:
            return None
        return key, (utc_now() - row.fetched_at).total_seconds()

    def keep(self, key_id: str, key: RSAPublicKey) -> None:
        """Store a key that has just been fetched; drop the oldest if there are many."""
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        values = {"key_id": key_id, "pem": pem, "fetched_at": utc_now()}
        newest = select(_record.c.key_id).order_by(_record.c.fetched_at.desc())

        def change(connection: Connection) -> None:
            upsert(
                connection,
                _record,
                values,
                key=["key_id"],
                changed=["pem", "fetched_at"],
            )
            few = newest.limit(MAX_KNOWN)
            connection.execute(delete(_record).where(_record.c.key_id.not_in(few)))

        self._try(lambda: in_transaction(db.engine, change))

    def drop(self, key_id: str) -> None:
        """Delete a key that its servers no longer have."""
        statement = delete(_record).where(_record.c.key_id == key_id)
        self._try(
            lambda: in_transaction(db.engine, lambda each: each.execute(statement))
        )

    def _try(self, use: Callable[[], _T]) -> _T | None:
        # The threads of the key servers have no app context.
        with self._app.app_context(), as_in_a_request():
            try:
                return use()
            except SQLAlchemyError as error:
                _logger.error("known keys: %s", type(error).__name__)
                return None
