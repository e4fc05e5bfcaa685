"""What is kept for one Flask app, in ``app.extensions["connect-background"]``."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from flask import Flask, current_app
from werkzeug.local import LocalProxy

from ..tasks.queue import TaskQueue
from .archive import Archive
from .inbox import Inbox

MAX_RETRY_DELAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a delivery whose handler failed is run again, and when no more."""

    max_attempts: int
    first_delay: timedelta

    def delay_after(self, attempt: int) -> timedelta:
        """Return how long to wait: twice as long each time, and never the same."""
        # 2 ** 20 times the shortest delay there is, is beyond the longest.
        factor = float(2 ** min(attempt - 1, 20))
        delay = min(self.first_delay * factor, MAX_RETRY_DELAY)
        return delay * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class BackgroundState:
    """The inbox from both sides, the way to the broker, and the settings of both."""

    inbox: Inbox
    archive: Archive
    queue: TaskQueue
    retries: RetryPolicy
    retention: timedelta
    """How long a delivery is kept."""
    identifier_header: str
    """The header in which the host names a delivery, if it does."""


def get_background() -> BackgroundState:
    """Return the background state of the current app."""
    state: BackgroundState = current_app.extensions["connect-background"]
    return state


def get_app() -> Flask:
    """Return the current app itself, for a context or a thread of its own."""
    return cast("LocalProxy[Flask]", current_app)._get_current_object()
