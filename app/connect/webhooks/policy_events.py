"""Webhooks about app access rules, which the framework itself listens to.

They make cached answers about a tenant's rules out of date. Each process has a cache
of its own, so the web process says so when a delivery arrives, and the worker before
it calls the author's handler. A handler is optional: without one nothing is stored.
"""

from ..protocol.access_rules import POLICY_EVENTS
from ..tenants.models import Tenant
from ..tenants.signals import app_policy_changed, notify


def is_policy_event(event: str) -> bool:
    """Whether *event* is about app access rules."""
    return event in POLICY_EVENTS


def announce_policy_change(event: str, tenant: Tenant) -> None:
    """Tell the subscribers in this process, if *event* is about app access rules."""
    if is_policy_event(event):
        notify(app_policy_changed, tenant=tenant)
