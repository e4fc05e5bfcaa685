"""The inbox of webhooks and its settings: ``app.extensions["connect.webhooks"]``."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from .archive import Archive
from .inbox import Inbox
from .retry_policy import RetryPolicy


@dataclass(frozen=True, slots=True)
class WebhooksState:
    """The inbox from both sides, and its settings."""

    inbox: Inbox
    archive: Archive
    retries: RetryPolicy
    retention: timedelta
    """How long a delivery is kept."""
    identifier_header: str
    """The header in which the host names a delivery, if it does."""


def get_webhooks() -> WebhooksState:
    """Return the webhooks of the current app."""
    state: WebhooksState = current_app.extensions["connect.webhooks"]
    return state
