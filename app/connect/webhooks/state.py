"""What is kept for one Flask app, in ``app.extensions["connect-background"]``."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from flask import Flask, current_app
from werkzeug.local import LocalProxy

from ..protocol.retries import back_off
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
        first, longest = self.first_delay, MAX_RETRY_DELAY
        return timedelta(
            seconds=back_off(
                attempt, first=first.total_seconds(), longest=longest.total_seconds()
            )
        )


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
