"""The registry of webhook handlers: ``@webhook`` and how to find one."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, TypeVar

from .models import WebhookDelivery

Handler = Callable[[WebhookDelivery], Any]

_EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_H = TypeVar("_H", bound=Handler)

registered: Final[dict[str, list[Handler]]] = defaultdict(list)
"""The handlers by event; more than one of the same event stop the start."""


def webhook(event: str) -> Callable[[_H], _H]:
    """Call the decorated function with each delivery of *event*.

    It runs in a Celery task, with ``current_tenant``, ``current_service`` and
    ``current_account_id`` as a request would have them, and is called again if
    it raises or its worker is killed: what it does must bear being done twice.
    The descriptor needs ``{"event": event, "url": "/webhooks/" + event}``.

    https://developer.atlassian.com/cloud/confluence/modules/webhook/

    :raises ValueError: if *event* can't be the name of an event.
    """
    if not _EVENT.fullmatch(event):
        raise ValueError(f"{event!r} is no event: write such as page_created")

    def decorate(handler: _H) -> _H:
        registered[event].append(handler)
        return handler

    return decorate


def find_handler(event: str) -> Handler | None:
    """Return the handler of an event; None if it has none."""
    handlers = registered.get(event)
    return handlers[0] if handlers else None


def name_of(handler: Handler) -> str:
    """Return where a handler is, such as ``app.pages.webhooks.page_created``."""
    module = getattr(handler, "__module__", "?")
    return f"{module}.{getattr(handler, '__qualname__', repr(handler))}"
