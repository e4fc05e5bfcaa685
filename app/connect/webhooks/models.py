"""The inbox table, and the public types of a delivery."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base
from ..db.columns import UTCDateTime


class Status(StrEnum):
    """The status of a delivery."""

    RECEIVED = "received"
    RUNNING = "running"
    RETRYING = "retrying"
    """Its handler failed and will be called again."""
    DONE = "done"
    PARKED = "parked"
    """Its handler failed too often; an operator can replay it."""
    DROPPED = "dropped"
    """The tenant is gone, so it was never run; its body is erased."""


OPEN = (Status.RECEIVED, Status.RUNNING, Status.RETRYING)
CLOSED = (Status.DONE, Status.PARKED, Status.DROPPED)


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """The argument of a handler.

    ``body`` is the parsed JSON with every field that the host sent; None if there was
    no body. ``id`` stays the same when the handler is called again, and ``attempt``
    counts from 1.
    """

    id: int
    event: str
    body: Any
    received_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery as an operator sees it, without its body. Times are in UTC."""

    id: int
    client_key: str
    event: str
    status: Status
    attempts: int
    error: str | None
    received_at: datetime
    due_at: datetime
    finished_at: datetime | None


class DeliveryRecord(Base):
    """A delivery as it is stored.

    ``payload`` is encrypted: the body, the account id and the token's context.
    Any worker can run an open delivery from ``due_at`` on; for a running one, that is
    the end of its worker's lease. ``enqueue_at`` is the same, and None for a closed
    one, so that its index finds what is due at once.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("client_key", "fingerprint", name="uq_webhook_delivery_once"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    client_key: Mapped[str] = mapped_column(String(255))
    event: Mapped[str] = mapped_column(String(100))
    fingerprint: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    """Not used any more; the previous release writes it."""
    lease: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    enqueue_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<DeliveryRecord {self.id} {self.event!r} {self.status}>"
