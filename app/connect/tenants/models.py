"""The tables of tenants and their history, and :class:`Tenant` for other code."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import JSON, Double, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base
from ..db.columns import UTCDateTime


class InstallKind(StrEnum):
    """The meaning of an ``installed`` event; Atlassian sends it for all of these.

    ``BASE_URL_CHANGE`` may bring a new secret, too; ``UPGRADE`` changes neither.
    """

    FIRST = "first install"
    UPGRADE = "upgrade"
    SECRET_ROTATION = "secret rotation"  # noqa: S105 - a kind, not a secret
    BASE_URL_CHANGE = "base URL change"
    RETURN = "return after uninstall"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A site that has, or had, the app installed. Holds no secret.

    REST calls go to ``base_url``, which includes ``/wiki`` for Confluence; users see
    ``display_url``. Times are in UTC.
    """

    id: int
    client_key: str
    base_url: str
    display_url: str
    product_type: str
    oauth_client_id: str | None
    installation_id: str | None
    cloud_id: str | None
    entitlement_id: str | None
    entitlement_number: str | None
    enabled: bool
    installed_at: datetime
    updated_at: datetime
    uninstalled_at: datetime | None
    last_seen_at: datetime | None = None
    """Its last verified request, to the day; None if it has sent none yet."""

    @property
    def installed(self) -> bool:
        """Whether the app is installed now, enabled or not."""
        return self.uninstalled_at is None

    @property
    def state(self) -> str:
        """``enabled``, ``disabled`` or ``uninstalled``."""
        if not self.installed:
            return "uninstalled"
        return "enabled" if self.enabled else "disabled"


class TenantRecord(Base):
    """A tenant as it is stored; the two secrets are encrypted."""

    __tablename__ = "tenant"
    # A site can have the app in Confluence and in Jira, with the same cloud id.
    __table_args__ = (
        UniqueConstraint("cloud_id", "product_type", name="uq_tenant_cloud_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(String(255), unique=True)
    base_url: Mapped[str] = mapped_column(String(255))
    display_url: Mapped[str] = mapped_column(String(255))
    product_type: Mapped[str] = mapped_column(String(255))
    shared_secret: Mapped[str] = mapped_column(Text)
    secret_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    token_issued_at: Mapped[float] = mapped_column(Double)
    """``iat`` of the newest signed-install token; older events change nothing."""
    oauth_client_id: Mapped[str | None] = mapped_column(String(255))
    installation_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    cloud_id: Mapped[str | None] = mapped_column(String(255))
    entitlement_id: Mapped[str | None] = mapped_column(String(255))
    entitlement_number: Mapped[str | None] = mapped_column(String(255))
    service_entitlement_number: Mapped[str | None] = mapped_column(String(255))
    enabled: Mapped[bool]
    installed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    uninstalled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<TenantRecord {self.client_key!r}>"


class PastEvent(NamedTuple):
    """An entry of the audit trail."""

    event: str
    details: dict[str, Any]
    occurred_at: datetime


class TenantEvent(Base):
    """The audit trail: one row for each change to a tenant.

    Never altered, except that the purge of a tenant blanks ``details``.
    """

    __tablename__ = "tenant_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(String(255), index=True)
    event: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
