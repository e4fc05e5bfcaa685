"""Queries for contents: conditions, an order, and a part of the result."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from devhost.site.state import State
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import CONTENT_COLUMNS, CONTENT_TABLES, Content

# The values of REST v2's ``sort``, and their columns.
ORDERS = {
    "id": "content.id",
    "title": "content.title",
    "created-date": "content.created_at",
    "modified-date": "content.modified_at",
    "child-position": "content.position",
}


@dataclass
class Query:
    """A selection of contents, with an order.

    ``where`` narrows it. Conditions are our own SQL; values never are.
    """

    order: str = "id"
    descending: bool = False
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse an order that does not exist."""
        if self.order not in ORDERS:
            raise InvalidError(f"Provided sort {self.order} is not supported")

    def where(self, condition: str, *values: Any) -> "Query":
        """Keep only contents that fulfill *condition*, whose ``?`` are *values*."""
        self.conditions.append(condition)
        self.values.extend(values)
        return self

    def among(self, column: str, values: Collection[Any]) -> "Query":
        """Keep only contents with one of *values* in *column*."""
        if len(values) == 1:
            return self.where(f"{column} = ?", *values)
        marks = ", ".join("?" * len(values))
        return self.where(f"{column} IN ({marks})", *values)

    def in_spaces(self, space_ids: Collection[str]) -> "Query":
        """Keep only contents in these spaces.

        The plus sign keeps SQLite from walking space by space, which would lose
        the order of the index.
        """
        return self.among("+content.space_id", [int(id) for id in space_ids])

    @property
    def column(self) -> str:
        """The column of the order."""
        return ORDERS[self.order]

    @property
    def condition(self) -> str:
        """The whole condition."""
        return " AND ".join(self.conditions) or "1"

    def position_of(self, content: Content) -> tuple[Any, int]:
        """Return the position of *content* in the order, for ``fetch(after=...)``."""
        value = {
            "id": content.number,
            "title": content.title,
            "created-date": content.created_at,
            "modified-date": content.modified_at,
            "child-position": content.position,
        }[self.order]
        return value, content.number


def statement(
    query: Query, *, limit: int, start: int = 0, after: tuple[Any, int] | None = None
) -> tuple[str, list[Any]]:
    """Return the SQL and the values that read a part of the result."""
    way, beyond = ("DESC", "<") if query.descending else ("ASC", ">")
    condition, values = query.condition, list(query.values)
    if after is not None:
        # The pair, so that contents with equal values are not skipped.
        condition += f" AND ({query.column}, content.id) {beyond} (?, ?)"
        values += after
    order = f"{query.column} {way}"
    if query.order != "id":
        order += f", content.id {way}"
    sql = (
        f"SELECT {CONTENT_COLUMNS} FROM {CONTENT_TABLES} WHERE {condition}"  # noqa: S608 - our own SQL; values are bound
        f" ORDER BY {order} LIMIT ? OFFSET ?"
    )
    return sql, [*values, limit, start]


def fetch(
    state: State,
    query: Query,
    *,
    limit: int,
    start: int = 0,
    after: tuple[Any, int] | None = None,
) -> list[Content]:
    """Return at most *limit* contents, from *start* or *after* a position."""
    sql, values = statement(query, limit=limit, start=start, after=after)
    with state.transaction() as connection:
        rows = connection.execute(sql, values).fetchall()
    return [Content.of_row(row) for row in rows]


def count(state: State, query: Query) -> int:
    """Return the number of contents."""
    sql = f"SELECT count(*) FROM content WHERE {query.condition}"  # noqa: S608 - our own SQL; values are bound
    with state.transaction() as connection:
        return int(connection.execute(sql, query.values).fetchone()[0])
