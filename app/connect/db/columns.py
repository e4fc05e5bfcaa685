"""Column types and time helpers that all tables share."""

from datetime import UTC, datetime
from typing import cast

from sqlalchemy import DateTime, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A time in UTC that comes back with its time zone, from SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def table_of(model: type[DeclarativeBase]) -> Table:
    """Return a model's table, for statements that need no session."""
    return cast(Table, model.__table__)
