"""Blinker signals about tenants, sent after the change is committed.

Each is sent by the Flask app with ``tenant`` (a :class:`Tenant`);
``tenant_installed`` with ``kind`` (an :class:`InstallKind`) too, and
``tenant_purged`` with ``client_key`` alone. A subscriber that raises is logged and
changes nothing for the host, which waits for it: keep it short.
"""

import logging
from typing import Any

from blinker import NamedSignal, Namespace

from .current import get_app

_namespace = Namespace()
_logger = logging.getLogger(__name__)

tenant_installed = _namespace.signal("tenant-installed")
tenant_uninstalled = _namespace.signal("tenant-uninstalled")
tenant_enabled = _namespace.signal("tenant-enabled")
tenant_disabled = _namespace.signal("tenant-disabled")
tenant_purged = _namespace.signal("tenant-purged")

app_policy_changed = _namespace.signal("app-policy-changed")
"""An app access rule of the tenant has changed, so cached answers may be out of date.

``webhooks`` sends it and ``outbound`` subscribes, in the process that took the webhook
in and in the one that handles it: each has a cache of its own.
"""


def notify(signal: NamedSignal, **about: Any) -> bool:
    """Send *signal* from the current app to each subscriber, come what may.

    Returns whether none of them failed.
    """
    failed = False
    app = get_app()
    for receiver in signal.receivers_for(app):
        try:
            receiver(app, **about)
        except Exception:
            _logger.exception("a subscriber of %s failed", signal.name)
            failed = True
    return not failed
