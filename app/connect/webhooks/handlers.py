"""The registry of webhook handlers: ``@webhook`` and lookup."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, TypeVar

from .models import WebhookDelivery

Handler = Callable[[WebhookDelivery], Any]

_EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_H = TypeVar("_H", bound=Handler)

registered: Final[dict[str, list[Handler]]] = defaultdict(list)
"""Handlers by event; two for the same event fail the start-up check."""

dynamic_events: Final[set[str]] = set()
"""The events that need no entry in the descriptor."""


def webhook(event: str, *, dynamic: bool = False) -> Callable[[_H], _H]:
    """Call the decorated function with each delivery of *event*.

    It runs in a Celery task, with ``current_tenant``, ``current_service`` and
    ``current_account_id`` set as in a request. It is called again if it raises or its
    worker is killed, so it must be idempotent. The descriptor needs
    ``{"event": event, "url": "/webhooks/" + event}``, unless the webhook is *dynamic*:
    your code registers that same entry with ``current_service.modules.register``.

    https://developer.atlassian.com/cloud/confluence/modules/webhook/

    :raises ValueError: if *event* can't be the name of an event.
    """
    if not _EVENT.fullmatch(event):
        raise ValueError(f"{event!r} is not an event: write e.g. page_created")

    def decorate(handler: _H) -> _H:
        registered[event].append(handler)
        if dynamic:
            dynamic_events.add(event)
        return handler

    return decorate


def find_handler(event: str) -> Handler | None:
    """Return the handler for an event; None if the event has no handler."""
    handlers = registered.get(event)
    return handlers[0] if handlers else None


def name_of(handler: Handler) -> str:
    """Return a handler's full name, such as ``app.pages.webhooks.page_created``."""
    module = getattr(handler, "__module__", "?")
    return f"{module}.{getattr(handler, '__qualname__', repr(handler))}"
