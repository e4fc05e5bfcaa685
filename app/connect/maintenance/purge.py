"""Purge: delete tenants past their retention time, and messages already taken."""

import logging

from flask import current_app
from sqlalchemy import create_engine, inspect, text

from ..tenants.signals import notify, tenant_purged
from ..tenants.state import get_state
from ..webhooks.state import get_webhooks

_BROKER_TABLE = "kombu_message"
_logger = logging.getLogger(__name__)


def purge_tenants() -> list[str]:
    """Delete the tenants whose retention is over, and what came from them.

    Returns their client keys.
    """
    days = current_app.config["CONNECT_TENANT_RETENTION_DAYS"]
    client_keys = get_state().tenants.purge(retention_days=days)
    if client_keys:
        get_webhooks().inbox.erase_tenants(client_keys)
    for client_key in client_keys:
        notify(tenant_purged, client_key=client_key)
    return client_keys


def empty_embedded_broker() -> None:
    """Delete the messages that a worker has taken from the embedded broker file.

    Its transport only marks them, so that the file would grow for ever.
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
