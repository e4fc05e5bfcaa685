"""The statements on the tenant tables, and the transaction they run in."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, Row, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from .lifecycle_payload import Installation
from .models import InstallKind, Tenant, TenantEvent, TenantRecord, utc_now

record = cast(Table, TenantRecord.__table__)

_event = cast(Table, TenantEvent.__table__)
_TENANT_FIELDS = tuple(Tenant.__dataclass_fields__)
_TRIES = 3
_DEADLOCK = "40P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_T = TypeVar("_T")


class RowChangedError(SQLAlchemyError):
    """A row came or went a moment ago; the transaction can be repeated."""


def in_transaction(engine: Engine, change: Callable[[Connection], _T]) -> _T:
    """Run *change* in a transaction, again if another one stood in its way."""
    tries_left = _TRIES
    while True:
        tries_left -= 1
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    # The lock is taken before the first read, for else two
                    # transactions read the same row and both write it.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                return change(connection)
        except (IntegrityError, OperationalError, RowChangedError) as error:
            if not tries_left or not _may_succeed_again(error):
                raise


def select_row(
    connection: Connection, client_key: str, *, lock: bool = False
) -> Row[Any] | None:
    """Return a tenant's row, locked until the transaction ends if so asked."""
    query = select(record).where(record.c.client_key == client_key)
    return connection.execute(query.with_for_update() if lock else query).first()


def insert_if_new(connection: Connection, values: dict[str, Any]) -> bool:
    """Insert a row; say whether there was none of that client key."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(record).values(values)
    # PostgreSQL's driver does not count the rows of an insert.
    new = statement.on_conflict_do_nothing(index_elements=[record.c.client_key])
    return connection.scalar(new.returning(record.c.id)) is not None


def update_row(connection: Connection, row: Row[Any], values: dict[str, Any]) -> Tenant:
    """Change a row and return the tenant as it now is."""
    connection.execute(update(record).where(record.c.id == row.id).values(values))
    return read_tenant(connection, row.client_key)


def release_site_ids(connection: Connection, installation: Installation) -> None:
    """Take the site's ids from the tenant that had them before an import.

    Only the ids move, for they must stay unique: the data of the old tenant
    stays its own.
    """
    other = record.c.client_key != installation.client_key
    if installation.cloud_id:
        product_type = record.c.product_type == installation.product_type
        same_site = record.c.cloud_id == installation.cloud_id
        statement = update(record).where(same_site, product_type, other)
        connection.execute(statement.values(cloud_id=None))
    if installation.installation_id:
        same_installation = record.c.installation_id == installation.installation_id
        statement = update(record).where(same_installation, other)
        connection.execute(statement.values(installation_id=None))


def audit(
    connection: Connection,
    client_key: str,
    event: str,
    kind: InstallKind | None = None,
    **details: str,
) -> None:
    """Append to the audit trail; *details* hold no secret and no personal data."""
    if kind is not None:
        details["kind"] = kind.value
    connection.execute(
        insert(_event).values(
            client_key=client_key, event=event, details=details, occurred_at=utc_now()
        )
    )


def read_tenant(connection: Connection, client_key: str) -> Tenant:
    """Return a tenant that is known to be there.

    :raises RowChangedError: if it is not.
    """
    row = select_row(connection, client_key)
    if row is None:
        raise RowChangedError
    return to_tenant(row)


def to_tenant(row: Row[Any]) -> Tenant:
    """Return a row as the rest of the app sees it, without the secrets."""
    return Tenant(**{name: getattr(row, name) for name in _TENANT_FIELDS})


def _may_succeed_again(error: Exception) -> bool:
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) == _DEADLOCK
    return True
