"""The license table: the host's last answer for each tenant, shared by all workers.

An answer belongs to one installation: it is deleted when the app is uninstalled, and
fetched again if the tenant comes back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Connection, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base
from ..db.columns import UTCDateTime, table_of, utc_now
from ..db.transactions import in_transaction, upsert
from ..tenants.models import Tenant
from ..tenants.rows import select_row


class TenantLicenseRecord(Base):
    """The host's last answer, without the contacts: they are personal data."""

    __tablename__ = "tenant_license"

    client_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    installed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)


record = table_of(TenantLicenseRecord)

_CHANGED = ("installed_at", "answer", "answered_at", "asked_at")


@dataclass(frozen=True, slots=True)
class KeptLicense:
    """A cached answer, when it was fetched, and when a refresh last began."""

    answer: dict[str, Any]
    answered_at: datetime
    asked_at: datetime


class Licenses:
    """Stores the answers; one per app, made by ``init_app``."""

    def __init__(self, db: SQLAlchemy) -> None:
        self._db = db

    def find(self, tenant: Tenant) -> KeptLicense | None:
        """Return the last answer for this installation; None if not stored yet."""
        query = select(record.c.answer, record.c.answered_at, record.c.asked_at)
        with self._db.engine.connect() as connection:
            row = connection.execute(query.where(*_is_of(tenant))).first()
        return None if row is None else KeptLicense(*row)

    def keep(self, tenant: Tenant, answer: dict[str, Any]) -> None:
        """Store an answer, unless the tenant has uninstalled the app meanwhile."""
        now = utc_now()
        values = {
            "client_key": tenant.client_key,
            "installed_at": tenant.installed_at,
            "answer": answer,
            "answered_at": now,
            "asked_at": now,
        }

        def change(connection: Connection) -> None:
            row = select_row(connection, tenant.client_key, lock=True)
            if row is None or row.uninstalled_at is not None:
                return
            if row.installed_at != tenant.installed_at:
                return
            upsert(connection, record, values, key=["client_key"], changed=_CHANGED)

        in_transaction(self._db.engine, change)

    def claim(self, tenant: Tenant, kept: KeptLicense) -> bool:
        """Claim the refresh of *kept*; False if another worker claimed it first."""
        same = record.c.asked_at == kept.asked_at
        statement = update(record).where(*_is_of(tenant), same)
        claimed = statement.values(asked_at=utc_now()).returning(record.c.client_key)
        return in_transaction(
            self._db.engine,
            lambda connection: connection.scalar(claimed) is not None,
        )


def drop_license(connection: Connection, client_key: str) -> None:
    """Delete a tenant's answer, in the transaction that uninstalls it."""
    connection.execute(delete(record).where(record.c.client_key == client_key))


def _is_of(tenant: Tenant) -> tuple[Any, Any]:
    return (
        record.c.client_key == tenant.client_key,
        record.c.installed_at == tenant.installed_at,
    )
