"""``find_tenant``: look up a tenant by its client key."""

from .models import Tenant
from .state import get_state


def find_tenant(client_key: str) -> Tenant | None:
    """Return the tenant with a client key, installed or not; None if unknown."""
    return get_state().tenants.find(client_key)
