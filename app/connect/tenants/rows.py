"""SQL statements for the tables of tenants and their history."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningInsert

from ..db.columns import table_of, utc_now
from ..db.transactions import RowChangedError, insert_or_skip
from ..protocol.base_url import parse_display_url
from .models import InstallKind, PastEvent, Tenant, TenantEvent, TenantRecord

record = table_of(TenantRecord)

_event = table_of(TenantEvent)
_TENANT_FIELDS = tuple(Tenant.__dataclass_fields__)
_tenant_columns = [record.c[name] for name in _TENANT_FIELDS]
# Built once: building a statement costs more than running it.
_select = select(record).where(record.c.client_key == bindparam("wanted"))
_select_locked = _select.with_for_update()
_select_tenant = _select.with_only_columns(*_tenant_columns)
_update = update(record).where(record.c.id == bindparam("row_id"))
_update = _update.returning(*_tenant_columns)
_audit = insert(_event)


def select_row(
    connection: Connection, client_key: str, *, lock: bool = False
) -> Row[Any] | None:
    """Return a tenant's row; with *lock*, locked until the transaction ends."""
    query = _select_locked if lock else _select
    return connection.execute(query, {"wanted": client_key}).first()


def select_tenant(connection: Connection, client_key: str) -> Tenant | None:
    """Return a tenant, without reading its secrets."""
    row = connection.execute(_select_tenant, {"wanted": client_key}).first()
    return to_tenant(row) if row else None


def insert_row(connection: Connection, values: dict[str, Any]) -> Tenant:
    """Insert a tenant's row and return the tenant.

    :raises RowChangedError: if another transaction has just inserted it.
    """
    row = connection.execute(_insert(connection.dialect.name), values).first()
    if row is None:
        raise RowChangedError
    return to_tenant(row)


def update_row(connection: Connection, row: Row[Any], values: dict[str, Any]) -> Tenant:
    """Update a row and return the changed tenant.

    :raises RowChangedError: if the row is gone.
    """
    changed = connection.execute(_update, {**values, "row_id": row.id}).first()
    if changed is None:
        raise RowChangedError
    return to_tenant(changed)


def audit(
    connection: Connection,
    client_key: str,
    event: str,
    kind: InstallKind | None = None,
    **details: str,
) -> None:
    """Append to the audit trail; *details* must have no secrets or personal data."""
    if kind is not None:
        details["kind"] = kind.value
    values = {"client_key": client_key, "event": event, "details": details}
    connection.execute(_audit, {**values, "occurred_at": utc_now()})


def audit_purge(connection: Connection, client_key: str) -> None:
    """Record a purge, and remove the details of the tenant's events, such as URLs."""
    theirs = update(_event).where(_event.c.client_key == client_key)
    connection.execute(theirs.values(details={}))
    audit(connection, client_key, "purged")


def select_history(connection: Connection, client_key: str) -> list[PastEvent]:
    """Return the audit trail of a tenant, oldest first."""
    columns = (_event.c[name] for name in PastEvent._fields)
    query = select(*columns).where(_event.c.client_key == client_key)
    return [PastEvent(*row) for row in connection.execute(query.order_by(_event.c.id))]


def mark_seen(
    connection: Connection, client_key: str, now: datetime, before: datetime
) -> None:
    """Note that a tenant was seen *now*, unless it was seen since *before*."""
    is_old = or_(record.c.last_seen_at.is_(None), record.c.last_seen_at < before)
    statement = update(record).where(record.c.client_key == client_key, is_old)
    connection.execute(statement.values(last_seen_at=now))


def to_tenant(row: Row[Any]) -> Tenant:
    """Return a row as a :class:`Tenant`, without the secrets."""
    values = {name: getattr(row, name) for name in _TENANT_FIELDS}
    if row.display_url != row.base_url:
        values["display_url"] = _usable(row.display_url, row.base_url)
    return Tenant(**values)


def _usable(display_url: str, base_url: str) -> str:
    """Return *display_url*; the base URL if an older release stored a private one."""
    try:
        return str(parse_display_url(display_url, base_url))
    except ValueError:
        return base_url


@cache
def _insert(dialect: str) -> ReturningInsert[Any]:
    new = insert_or_skip(dialect, record, key=["client_key"])
    return new.returning(*_tenant_columns)
