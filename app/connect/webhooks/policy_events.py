"""Webhooks about app access rules, which the framework itself handles.

They invalidate cached answers about a tenant's rules. Each process has its own cache:
the web process invalidates it when a delivery arrives, the worker before it calls the
author's handler. A handler is optional; without one nothing is stored.
"""

from ..protocol.access_rules import POLICY_EVENTS
from ..tenants.models import Tenant
from ..tenants.signals import app_policy_changed, notify


def is_policy_event(event: str) -> bool:
    """Return whether *event* is about app access rules."""
    return event in POLICY_EVENTS


def announce_policy_change(event: str, tenant: Tenant) -> None:
    """Notify subscribers in this process if *event* is about app access rules."""
    if is_policy_event(event):
        notify(app_policy_changed, tenant=tenant)
