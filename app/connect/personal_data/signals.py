"""Blinker signals about users whose personal data is to be erased or refreshed.

Both are sent by the Flask app with ``tenant`` and ``account_id``, in a task.
"""

from blinker import Namespace

_namespace = Namespace()

account_closed = _namespace.signal("account-closed")
account_updated = _namespace.signal("account-updated")
