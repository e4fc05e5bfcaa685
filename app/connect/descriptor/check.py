"""The check at start: does the app keep what its descriptor promises?"""

from collections.abc import Iterator

from flask import Flask

from ..errors import ConfigurationError, DescriptorError
from ..webhooks.handlers import registered
from .check_routes import (
    find_misplaced_checks,
    find_undeclared_routes,
    find_unserved_modules,
)
from .check_translations import find_translation_problems
from .check_webhooks import find_webhook_differences
from .document import get_descriptor


def check(app: Flask) -> None:
    """Make sure that each route declares a policy and each module is served.

    Each webhook has its handler then, and each translation of the descriptor its
    file.

    :raises ConfigurationError: naming each route without a policy, and each whose
        check of permissions can't work.
    :raises DescriptorError: naming each module that is not served as it must, each
        webhook that has no handler, or the other way round, and each text that has
        no translation.
    """
    if wrong := list(find_route_problems(app)):
        raise ConfigurationError("; ".join(wrong))
    if problems := list(find_broken_promises(app)):
        raise DescriptorError(problems)


def find_route_problems(app: Flask) -> Iterator[str]:
    """Yield what is wrong with the policies of the routes, as text for the author."""
    yield from find_undeclared_routes(app)
    yield from find_misplaced_checks(app)


def find_broken_promises(app: Flask) -> Iterator[str]:
    """Yield what of its descriptor the app does not keep, as text for the author."""
    descriptor = get_descriptor(app)
    yield from find_unserved_modules(app, descriptor)
    yield from find_translation_problems(app, descriptor)
    yield from find_webhook_differences(descriptor, registered)
