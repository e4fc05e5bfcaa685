"""Database transactions with retries on conflict, insert-if-new and upsert."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from .sqlite import write_transaction

_TRIES = 3
_DEADLOCK = "40P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_T = TypeVar("_T")


class RowChangedError(SQLAlchemyError):
    """A row was inserted or deleted concurrently; the transaction can be retried."""


def in_transaction(
    engine: Engine,
    change: Callable[[Connection], _T],
    *,
    single: bool = False,
    durable: bool = True,
) -> _T:
    """Run *change* in a transaction, and retry it if it conflicts with another one.

    *single* says that it is one statement, for which PostgreSQL needs no BEGIN and
    COMMIT; *durable*, that it must outlive a power failure on SQLite, too.
    """
    tries_left = _TRIES
    while True:
        tries_left -= 1
        try:
            if engine.dialect.name == "sqlite":
                transaction = write_transaction(engine, durable=durable)
            else:
                transaction = autocommit(engine) if single else engine.begin()
            with transaction as connection:
                return change(connection)
        except (IntegrityError, OperationalError, RowChangedError) as error:
            if not tries_left or not _may_succeed_again(error):
                raise


@contextmanager
def autocommit(engine: Engine) -> Iterator[Connection]:
    """Connect for a single statement: PostgreSQL is asked once instead of thrice."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


def insert_if_new(
    connection: Connection,
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
) -> Any | None:
    """Insert a row and return its primary key; None if *key* is already taken."""
    statement = _insert_if_new(connection.dialect.name, table, *key)
    return connection.scalar(statement, values)


def insert_or_skip(
    dialect: str, table: Table, *, key: Sequence[str]
) -> sqlite.Insert | postgresql.Insert:
    """Return a statement that inserts a row unless *key* is already taken."""
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=key)


def upsert(
    connection: Connection,
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    changed: Sequence[str],
) -> None:
    """Insert a row, or set the *changed* columns of the one with the same *key*."""
    new = _insert(connection.dialect.name, table).values(values)
    update = {name: values[name] for name in changed}
    connection.execute(new.on_conflict_do_update(index_elements=key, set_=update))


@cache
def _insert_if_new(dialect: str, table: Table, *key: str) -> Executable:
    """Build the statement once: that takes longer than to execute it."""
    [primary_key] = table.primary_key
    # PostgreSQL's driver does not count the rows of an insert.
    return insert_or_skip(dialect, table, key=key).returning(primary_key)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _may_succeed_again(error: Exception) -> bool:
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) == _DEADLOCK
    return True
