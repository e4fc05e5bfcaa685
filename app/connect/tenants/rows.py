"""SQL statements for the tables of tenants and their history."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from ..db.columns import table_of, utc_now
from ..db.transactions import RowChangedError
from .lifecycle_payload import Installation
from .models import InstallKind, PastEvent, Tenant, TenantEvent, TenantRecord

record = table_of(TenantRecord)

_event = table_of(TenantEvent)
# Built once: it takes longer to build the statement than to run it.
_BY_CLIENT_KEY = select(record).where(record.c.client_key == bindparam("client_key"))
_BY_CLIENT_KEY_LOCKED = _BY_CLIENT_KEY.with_for_update()
_TENANT_FIELDS = tuple(Tenant.__dataclass_fields__)


def select_row(
    connection: Connection, client_key: str, *, lock: bool = False
) -> Row[Any] | None:
    """Return a tenant's row; with *lock*, locked until the transaction ends."""
    query = _BY_CLIENT_KEY_LOCKED if lock else _BY_CLIENT_KEY
    return connection.execute(query, {"client_key": client_key}).first()


def update_row(connection: Connection, row: Row[Any], values: dict[str, Any]) -> Tenant:
    """Update a row and return the changed tenant."""
    connection.execute(update(record).where(record.c.id == row.id).values(values))
    return read_tenant(connection, row.client_key)


def release_site_ids(connection: Connection, installation: Installation) -> None:
    """Remove the site's ids from the tenant that had them before an import.

    Only the ids move, since they must be unique; the old tenant keeps its data.
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
    """Append to the audit trail; *details* must have no secrets or personal data."""
    if kind is not None:
        details["kind"] = kind.value
    connection.execute(
        insert(_event).values(
            client_key=client_key, event=event, details=details, occurred_at=utc_now()
        )
    )


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


def read_tenant(connection: Connection, client_key: str) -> Tenant:
    """Return a tenant that must exist.

    :raises RowChangedError: if it does not.
    """
    row = select_row(connection, client_key)
    if row is None:
        raise RowChangedError
    return to_tenant(row)


def to_tenant(row: Row[Any]) -> Tenant:
    """Return a row as a :class:`Tenant`, without the secrets."""
    return Tenant(**{name: getattr(row, name) for name in _TENANT_FIELDS})
