"""Start-up check of the app against its descriptor."""

from collections.abc import Iterator

from flask import Flask

from ..errors import ConfigurationError, DescriptorError
from ..webhooks.handlers import dynamic_events, registered
from .check_routes import (
    find_covered_checks,
    find_misplaced_checks,
    find_undeclared_routes,
    find_unserved_modules,
)
from .check_translations import find_translation_problems
from .check_webhooks import find_webhook_differences
from .document import get_descriptor


def check(app: Flask) -> None:
    """Make sure that each route declares a policy and each module is served.

    Also check that each webhook has a handler and each translation a file.

    :raises ConfigurationError: naming each route without a policy, each with a
        decorator above it, and each whose permission check can't work.
    :raises DescriptorError: naming each module that is not served or has the wrong
        policy, each webhook without a handler or handler without a webhook, and each
        text without a translation.
    """
    if wrong := list(find_route_problems(app)):
        raise ConfigurationError("; ".join(wrong))
    if problems := list(find_broken_promises(app)):
        raise DescriptorError(problems)


def find_route_problems(app: Flask) -> Iterator[str]:
    """Yield each problem with the routes' policies, as text for the author."""
    yield from find_undeclared_routes(app)
    yield from find_covered_checks(app)
    yield from find_misplaced_checks(app)


def find_broken_promises(app: Flask) -> Iterator[str]:
    """Yield each way *app* breaks its descriptor's promises, as text for the author."""
    descriptor = get_descriptor(app)
    yield from find_unserved_modules(app, descriptor)
    yield from find_translation_problems(app, descriptor)
    yield from find_webhook_differences(descriptor, registered, dynamic_events)
