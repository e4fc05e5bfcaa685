"""Signals about users whose personal data must be erased or refreshed.

Both are blinker signals, sent by the Flask app in a task, with ``tenant`` and
``account_id``.
"""

from blinker import Namespace

_namespace = Namespace()

account_closed = _namespace.signal("account-closed")
account_updated = _namespace.signal("account-updated")
