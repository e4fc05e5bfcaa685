"""The app's identity and its tenant store, in ``app.extensions["connect"]``."""

from dataclasses import dataclass

from flask import Flask, current_app

from .last_seen import LastSeen
from .store import TenantStore


@dataclass(frozen=True, slots=True)
class ConnectState:
    """The app's identity, its tenants, and when they were last seen."""

    app_key: str
    base_url: str
    leeway: int
    scopes: frozenset[str]
    """The scopes that the descriptor grants, in upper case."""
    paid: bool
    """Whether the descriptor enables licensing."""
    tenants: TenantStore
    last_seen: LastSeen


def get_state(app: Flask | None = None) -> ConnectState:
    """Return the state of *app*, or of the current app."""
    state: ConnectState = (app or current_app).extensions["connect"]
    return state
