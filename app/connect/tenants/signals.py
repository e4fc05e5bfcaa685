"""Signals about tenants, sent after the change is committed.

Each is sent by the Flask app with ``tenant`` (a :class:`Tenant`);
``tenant_installed`` with ``kind`` (an :class:`InstallKind`) too, and
``tenant_purged`` with ``client_key`` alone. A subscriber that raises is logged
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

app_policy_changed = _namespace.signal("app-policy-changed")
"""A policy webhook came in, or is handled: sent in each of the two processes."""


def notify(signal: NamedSignal, **about: Any) -> None:
    """Send *signal* from the current app to each subscriber, come what may."""
    app = cast("LocalProxy[Flask]", current_app)._get_current_object()
    for receiver in signal.receivers_for(app):
        try:
            receiver(app, **about)
        except Exception:
            _logger.exception("a subscriber of %s failed", signal.name)
