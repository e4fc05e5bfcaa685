"""Signals about tenants (blinker), sent after the change is committed.

The Flask app sends each with ``tenant`` (a :class:`Tenant`), ``tenant_installed`` also
with ``kind`` (an :class:`InstallKind`), and ``tenant_purged`` with ``client_key`` only.
If a subscriber raises, that is logged and the host's request still succeeds. The host
waits for subscribers: keep them short.
"""

import logging
from typing import Any

from blinker import NamedSignal, Namespace

from ..errors import without_text
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

``webhooks`` sends it and ``outbound`` subscribes, both in the process that receives the
webhook and in the one that handles it: each has its own cache.
"""


def notify(signal: NamedSignal, **about: Any) -> bool:
    """Send *signal* from the current app to every subscriber, even if some fail.

    Return whether all of them succeeded.
    """
    failed = False
    app = get_app()
    for receiver in signal.receivers_for(app):
        try:
            receiver(app, **about)
        except Exception as error:
            _logger.error(
                "a subscriber of %s failed",
                signal.name,
                exc_info=error if app.debug else without_text(error),
            )
            failed = True
    return not failed
