"""What the framework keeps for one Flask app, in ``app.extensions["connect"]``."""

from dataclasses import dataclass

from flask import current_app

from .models import Tenant
from .store import TenantStore


@dataclass(frozen=True, slots=True)
class ConnectState:
    """The app's identity, and the store of its tenants."""

    app_key: str
    base_url: str
    leeway: int
    scopes: frozenset[str]
    """The scopes that the descriptor grants, in upper case."""
    tenants: TenantStore


def get_state() -> ConnectState:
    """Return the state of the current app."""
    state: ConnectState = current_app.extensions["connect"]
    return state


def find_tenant(client_key: str) -> Tenant | None:
    """Return the tenant of a client key, installed or not; None when unknown."""
    return get_state().tenants.find(client_key)
