"""The delivery runner: claims what is due, calls the handlers, records the outcome."""

import logging
import traceback
from datetime import timedelta
from time import monotonic
from typing import Final

from flask import current_app

from ..db.columns import utc_now
from ..errors import RateLimitedError, without_text
from ..metrics import TASK_SECONDS, timed
from ..tasks.context import working
from ..tenants.current import acting_for, get_app
from ..tenants.lookup import find_tenant
from .handlers import find_handler
from .inbox import Claim
from .lease import Lease
from .models import Status, WebhookDelivery
from .policy_events import announce_policy_change
from .retry_policy import MAX_RETRY_DELAY
from .state import get_webhooks

HOLD: Final = timedelta(minutes=5)
"""How long a disabled tenant's deliveries wait before the next check."""

TURN: Final = 1.0
"""How many seconds a worker runs deliveries before other tasks have their turn."""

_logger = logging.getLogger(__name__)


def run_due() -> None:
    """Run the deliveries that are due, until none is left or for a second.

    If they are more than one batch, another worker is woken up to help or to go on.
    """
    webhooks, end, woken = get_webhooks(), monotonic() + TURN, False
    while monotonic() < end:
        batch = webhooks.inbox.claim(max_attempts=webhooks.retries.max_attempts)
        if not batch.claims:
            return
        if batch.more and not woken:
            webhooks.wake_up.send(batch.claims[-1].id)
            woken = True
        with Lease(webhooks.inbox, batch.claims) as lease:
            for claim in lease:
                if _run_claim(claim):
                    lease.done(claim)
        if not batch.more:
            # Whatever comes later has a message of its own.
            return


def _run_claim(claim: Claim) -> bool:
    """Call the handler; return False if it was not run to its end, which is noted."""
    try:
        return _run(claim)
    except Exception as error:
        _logger.error(
            "webhook %s failed: delivery=%s client_key=%s attempt=%s",
            claim.event,
            claim.id,
            claim.client_key,
            claim.attempt,
            exc_info=error if current_app.debug else without_text(error),
        )
        _fail(claim, error)
        return False


def _run(claim: Claim) -> bool:
    inbox, tenant = get_webhooks().inbox, find_tenant(claim.client_key)
    if tenant is None or not tenant.installed:
        return _drop(claim, "the tenant has uninstalled the app")
    if not tenant.enabled:
        if utc_now() - claim.received_at > get_webhooks().retention:
            return _drop(claim, "the tenant has disabled the app")
        reason = "waits until the tenant enables the app"
        inbox.postpone(claim, HOLD, reason, counts=False)
        return False
    handler = find_handler(claim.event)
    if handler is None:
        inbox.close([claim], Status.PARKED, "the app has no handler for it")
        return False
    announce_policy_change(claim.event, tenant)
    payload = inbox.read(claim)
    delivery = WebhookDelivery(
        id=claim.id,
        event=claim.event,
        body=payload.parse_body(),
        received_at=claim.received_at,
        attempt=claim.attempt,
    )
    # A separate app context ends the handler's transaction before ours begins.
    with (
        get_app().app_context(),
        acting_for(tenant, payload.account_id, payload.context),
        working(),
        timed(TASK_SECONDS, f"webhook {claim.event}", good="done"),
    ):
        current_app.ensure_sync(handler)(delivery)
    return True


def _drop(claim: Claim, reason: str) -> bool:
    _logger.info(
        "webhook %s dropped: delivery=%s client_key=%s: %s",
        claim.event,
        claim.id,
        claim.client_key,
        reason,
    )
    get_webhooks().inbox.close([claim], Status.DROPPED, reason)
    return False


def _fail(claim: Claim, error: Exception) -> None:
    webhooks, reason = get_webhooks(), _where(error)
    if isinstance(error, RateLimitedError) and error.retry_in is not None:
        if utc_now() - claim.received_at < webhooks.retention:
            # Not the handler's fault, so it does not count as an attempt.
            pause = timedelta(seconds=error.retry_in)
            webhooks.inbox.postpone(claim, pause, reason, counts=False)
            return
    if claim.attempt >= webhooks.retries.max_attempts:
        webhooks.inbox.close([claim], Status.PARKED, reason)
        return
    delay = webhooks.retries.delay_after(claim.attempt)
    asked = getattr(error, "retry_in", None) or getattr(error, "retry_after", None)
    if isinstance(asked, int | float):
        wished = timedelta(seconds=min(asked, MAX_RETRY_DELAY.total_seconds()))
        delay = max(delay, wished)
    webhooks.inbox.postpone(claim, delay, reason)


def _where(error: Exception) -> str:
    """Describe an error without its text, which could quote customer data."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    place = f" at {last.filename}:{last.lineno} in {last.name}" if last else ""
    return f"{type(error).__name__}{place}"
