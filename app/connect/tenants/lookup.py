"""``find_tenant`` and ``history_of``: look up a tenant by its client key."""

from ...extensions import db
from .models import PastEvent, Tenant
from .rows import select_history
from .state import get_state


def find_tenant(client_key: str) -> Tenant | None:
    """Return the tenant with a client key, installed or not; None if unknown."""
    return get_state().tenants.find(client_key)


def history_of(client_key: str) -> list[PastEvent]:
    """Return a tenant's audit trail, oldest first; it outlives the tenant."""
    with db.engine.connect() as connection:
        return select_history(connection, client_key)
