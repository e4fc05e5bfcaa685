"""Purge: deletes tenants past their retention time, and consumed broker messages."""

import logging

from flask import current_app
from sqlalchemy import create_engine, inspect, text

from ..tenants.signals import notify, tenant_purged
from ..tenants.state import get_state

_BROKER_TABLE = "kombu_message"
_logger = logging.getLogger(__name__)


def purge_tenants() -> list[str]:
    """Delete the tenants past their retention time, with all their data.

    Return their client keys.
    """
    days = current_app.config["CONNECT_TENANT_RETENTION_DAYS"]
    client_keys = get_state().tenants.purge(retention_days=days)
    for client_key in client_keys:
        notify(tenant_purged, client_key=client_key)
    return client_keys


def empty_embedded_broker() -> None:
    """Delete consumed messages from the embedded broker file.

    Its transport only marks them as consumed, so the file would grow forever.
    """
    scheme, _, url = current_app.config["CELERY_BROKER_URL"].partition("+")
    if scheme != "sqla":
        return
    engine = create_engine(url)
    try:
        if inspect(engine).has_table(_BROKER_TABLE):
            with engine.begin() as connection:
                taken = text(f"DELETE FROM {_BROKER_TABLE} WHERE NOT visible")  # noqa: S608 - a constant
                connection.execute(taken)
    finally:
        engine.dispose()
