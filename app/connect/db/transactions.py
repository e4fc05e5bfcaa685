"""Database transactions with retries on conflict, insert-if-new and upsert."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

_TRIES = 3
_DEADLOCK = "40P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_T = TypeVar("_T")


class RowChangedError(SQLAlchemyError):
    """A row was inserted or deleted concurrently; the transaction can be retried."""


def in_transaction(engine: Engine, change: Callable[[Connection], _T]) -> _T:
    """Run *change* in a transaction, and retry it if it conflicts with another one."""
    tries_left = _TRIES
    while True:
        tries_left -= 1
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    # Take the lock before the first read: otherwise two
                    # transactions read the same row and both write it.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                return change(connection)
        except (IntegrityError, OperationalError, RowChangedError) as error:
            if not tries_left or not _may_succeed_again(error):
                raise


def insert_if_new(
    connection: Connection,
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
) -> Any | None:
    """Insert a row and return its primary key; None if *key* is already taken."""
    [primary_key] = table.primary_key
    new = _insert(connection, table).values(values)
    # PostgreSQL's driver does not count the rows of an insert.
    statement = new.on_conflict_do_nothing(index_elements=key).returning(primary_key)
    return connection.scalar(statement)


def upsert(
    connection: Connection,
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    changed: Sequence[str],
) -> None:
    """Insert a row, or set the *changed* columns of the one with the same *key*."""
    new = _insert(connection, table).values(values)
    update = {name: values[name] for name in changed}
    connection.execute(new.on_conflict_do_update(index_elements=key, set_=update))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert: sqlite.Insert | postgresql.Insert = dialect.insert(table)
    return insert


def _may_succeed_again(error: Exception) -> bool:
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) == _DEADLOCK
    return True
