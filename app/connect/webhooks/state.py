"""Webhook state: the inbox and its settings, in ``app.extensions``."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from .archive import Archive
from .inbox import Inbox
from .retry_policy import RetryPolicy
from .wake_up import WakeUp


@dataclass(frozen=True, slots=True)
class WebhooksState:
    """The inbox, its archive, and their settings."""

    inbox: Inbox
    archive: Archive
    wake_up: WakeUp
    retries: RetryPolicy
    retention: timedelta
    """How long a delivery is kept."""
    identifier_header: str
    """The header with the host's id for a delivery, if it sends one."""


def get_webhooks() -> WebhooksState:
    """Return the webhook state of the current app."""
    state: WebhooksState = current_app.extensions["connect.webhooks"]
    return state
