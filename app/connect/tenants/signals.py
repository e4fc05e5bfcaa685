"""Signals about tenants, sent after the change is committed.

Each is sent by the Flask app with ``tenant`` (a :class:`Tenant`);
``tenant_installed`` with ``kind`` (an :class:`InstallKind`) too, and
``tenant_purged`` with ``client_key`` alone. ``account_closed`` and
``account_updated`` bring the ``account_id`` of a user whose personal data is to be
erased, or to be fetched anew. A subscriber that raises is logged
and changes nothing for the host, which waits for it: keep it short.
"""

import logging
from typing import Any, cast

from blinker import NamedSignal, Namespace
from flask import Flask, current_app
from werkzeug.local import LocalProxy

_namespace = Namespace()
_logger = logging.getLogger(__name__)

tenant_installed = _namespace.signal("tenant-installed")
tenant_uninstalled = _namespace.signal("tenant-uninstalled")
tenant_enabled = _namespace.signal("tenant-enabled")
tenant_disabled = _namespace.signal("tenant-disabled")
tenant_purged = _namespace.signal("tenant-purged")
account_closed = _namespace.signal("account-closed")
account_updated = _namespace.signal("account-updated")

app_policy_changed = _namespace.signal("app-policy-changed")
"""A policy webhook came in, or is handled: sent in each of the two processes."""


def notify(signal: NamedSignal, **about: Any) -> bool:
    """Send *signal* from the current app to each subscriber, come what may.

    Returns whether none of them failed.
    """
    failed = False
    app = cast("LocalProxy[Flask]", current_app)._get_current_object()
    for receiver in signal.receivers_for(app):
        try:
            receiver(app, **about)
        except Exception:
            _logger.exception("a subscriber of %s failed", signal.name)
            failed = True
    return not failed
