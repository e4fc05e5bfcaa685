"""Site ids: the installation id and the cloud id, which only one tenant can have.

They move to another tenant when a site is imported, or its app is installed anew under
another client key. A body is not signed, so they never move away from a living tenant
on another host: whoever has them is found by them.
"""

import logging
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from ..protocol.base_url import parse_base_url
from .lifecycle_payload import Installation
from .rows import audit, record

CLAIMED: Final = "site ids claimed"
_logger = logging.getLogger(__name__)


def take_site_ids(
    connection: Connection, installation: Installation, row: Row[Any] | None
) -> dict[str, str | None]:
    """Return the ids that an installation gets, which may take them from others.

    *row* is the tenant's own, if it is known. Ids that the event lacks are left out,
    and are kept. An id that another tenant keeps becomes None, which is audited for
    both of them.
    """
    ids: dict[str, str | None] = {}
    if installation.installation_id:
        ids["installation_id"] = installation.installation_id
    if installation.cloud_id:
        ids["cloud_id"] = installation.cloud_id
    if not ids or _has_them(row, installation, ids):
        return ids
    kept = []
    wanted = {
        "client_key": installation.client_key,
        "product_type": installation.product_type,
        **ids,
    }
    for other in connection.execute(_others(*ids), wanted):
        shared = [name for name, value in ids.items() if getattr(other, name) == value]
        if "cloud_id" in shared and other.product_type != installation.product_type:
            shared.remove("cloud_id")
        if may_move(other, installation):
            statement = update(record).where(record.c.id == other.id)
            connection.execute(statement.values(dict.fromkeys(shared)))
        else:
            ids |= dict.fromkeys(shared)
            kept.append(other.client_key)
    for client_key in kept:
        _note_kept(connection, installation.client_key, client_key)
    return ids


def may_move(other: Row[Any], installation: Installation) -> bool:
    """Return whether site ids may move from the tenant that has them to another."""
    if other.uninstalled_at is not None:
        return True
    return _host(other.base_url) == _host(installation.base_url)


def _has_them(
    row: Row[Any] | None, installation: Installation, ids: dict[str, str | None]
) -> bool:
    """Return whether the tenant has the ids already, as after its last install."""
    if row is None or row.product_type != installation.product_type:
        return False
    return all(getattr(row, name) == value for name, value in ids.items())


@cache
def _others(*names: str) -> Any:
    """Build the query for the other tenants with one of the ids named, once."""
    same: list[ColumnElement[bool]] = []
    if "installation_id" in names:
        same.append(record.c.installation_id == bindparam("installation_id"))
    if "cloud_id" in names:
        same_product = record.c.product_type == bindparam("product_type")
        same.append(and_(record.c.cloud_id == bindparam("cloud_id"), same_product))
    other = record.c.client_key != bindparam("client_key")
    query = select(record).where(other, or_(*same)).order_by(record.c.id)
    return query.with_for_update()


def _note_kept(connection: Connection, claimed_by: str, kept_by: str) -> None:
    audit(connection, claimed_by, CLAIMED, outcome="refused", kept_by=kept_by)
    audit(connection, kept_by, CLAIMED, outcome="kept", claimed_by=claimed_by)
    _logger.error(
        "site ids of an installed tenant on another host were claimed and not given: "
        "client_key=%r, kept by client_key=%r; see whose site it is",
        claimed_by,
        kept_by,
    )


def _host(base_url: str) -> str:
    return parse_base_url(base_url).host
