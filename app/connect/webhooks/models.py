"""The table of the inbox, and the types in which others see a delivery."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ...extensions import Base
from ..db.columns import UTCDateTime


class Status(StrEnum):
    """How far a delivery has come."""

    RECEIVED = "received"
    RUNNING = "running"
    RETRYING = "retrying"
    """Its handler failed, and will be called again."""
    DONE = "done"
    PARKED = "parked"
    """Its handler failed too often; an operator may replay it."""
    DROPPED = "dropped"
    """The tenant is gone, so it was never run; its body is erased."""


OPEN = (Status.RECEIVED, Status.RUNNING, Status.RETRYING)
CLOSED = (Status.DONE, Status.PARKED, Status.DROPPED)


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """What a handler is called with.

    ``body`` is the parsed JSON with every field that the host sent; None when
    there was none. ``id`` is the same when a handler is called again, and
    ``attempt`` counts from 1.
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
    Any worker may run an open delivery once ``due_at`` has come, which for a
    running one is the end of its worker's lease; the sweeper tells a worker of
    it at ``enqueue_at``.
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
    """How often the sweeper has told of it since it was last run."""
    lease: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    enqueue_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<DeliveryRecord {self.id} {self.event!r} {self.status}>"
