"""Start-up check of the descriptor's webhooks against the handlers in the code.

A webhook without a handler is refused at run time, and a handler without a webhook
is never called: both should be found at start.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..protocol.access_rules import POLICY_EVENTS
from ..webhooks.handlers import Handler, name_of
from .lint import iterate_modules

PREFIX = "/webhooks/"


def find_webhook_differences(
    descriptor: dict[str, Any],
    handlers: Mapping[str, Sequence[Handler]],
    dynamic: Collection[str] = (),
) -> Iterator[str]:
    """Yield each difference, as text for the author.

    The events in *dynamic* need no entry in the descriptor.
    """
    declared = set()
    for path, kind, module in iterate_modules(descriptor):
        if kind == "webhooks":
            event = module.get("event")
            if isinstance(event, str) and event:
                declared.add(event)
                yield from _declared(path, event, module.get("url"), handlers)
            else:
                yield f'{path}.event is missing: write e.g. "page_created"'
    for event, found in handlers.items():
        names = " and ".join(map(name_of, found))
        if len(found) > 1:
            yield f'@webhook("{event}") is above {names}: leave it above one of them'
        if found and event not in declared and event not in dynamic:
            yield (
                f"$.modules.webhooks lacks {event}, which {names} handles: write "
                f'{{"event": "{event}", "url": "{PREFIX}{event}"}}, or dynamic=True '
                "into the decorator if your code registers it"
            )


def _declared(
    path: str, event: str, url: Any, handlers: Mapping[str, Sequence[Handler]]
) -> Iterator[str]:
    target = url.partition("?")[0] if isinstance(url, str) else ""
    is_ours = not target or target.startswith(PREFIX)
    # The framework itself handles those about access rules.
    if handlers.get(event) or (is_ours and event in POLICY_EVENTS):
        if target != f"{PREFIX}{event}":
            yield (
                f"{path}.url is not where deliveries are taken in: "
                f'write "{PREFIX}{event}"'
            )
    elif is_ours:
        # Any other URL may be a route of the author's own.
        yield (
            f'{path}.event is {event}, which nothing handles: write @webhook("{event}")'
            " above a function that takes the delivery, or remove the entry"
        )
