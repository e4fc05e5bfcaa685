"""Dispatch of webhooks: from an occurrence to the answers of the apps."""

import json
import logging
import time
from dataclasses import replace
from typing import Any

import requests

from devhost.faults.kinds import (
    WebhookLate,
    WebhookLost,
    WebhookOutOfOrder,
    WebhookTwice,
)
from devhost.faults.switches import Faults
from devhost.site import Site
from devhost.site.installations import Installations
from devhost.webhooks import settings
from devhost.webhooks.deliveries import STOPPED, Deliveries, Delivery
from devhost.webhooks.lines import MOST_WAITING, Job, Lines
from devhost.webhooks.occurrences import Occurrence
from devhost.webhooks.sending import OpenSockets, send
from devhost.webhooks.subscriptions import matching, target_url

STOP_SECONDS = 0.5
FULL = f"{MOST_WAITING} deliveries were waiting for this app already"
RETRIED_STATUSES = frozenset({408, 409, 425, 429})

logger = logging.getLogger("devhost")


class Dispatch:
    """Queues deliveries, sends them, and stores their outcome."""

    def __init__(self, site: Site, deliveries: Deliveries) -> None:
        self._site = site
        self._deliveries = deliveries
        self._sockets = OpenSockets()
        self._lines = Lines(self._send)
        self._is_stopped = False
        self.settings = settings.load(site.state)

    def tell(self, occurrence: Occurrence) -> list[Delivery]:
        """Queue one delivery for each webhook that subscribes to it."""
        payload = occurrence.payload
        if self.settings.event_in_body and isinstance(payload, dict):
            payload = {"event": occurrence.event, **payload}
        # In ASCII, because a title can contain half a surrogate pair, which UTF-8
        # cannot.
        text = json.dumps(payload)
        return [
            delivery
            for each in matching(self._site, occurrence)
            for delivery in self._put_with_faults(
                event=occurrence.event,
                app_key=each.app.app_key,
                url=target_url(self._site, each, occurrence),
                body=None if each.excludes_body else text,
                account_id=occurrence.account_id,
            )
        ]

    def _put_with_faults(self, *, event: str, **fields: Any) -> list[Delivery]:
        faults = self._site.get(Faults).striking_webhook(event)
        note = ", ".join(fault.title for fault in faults.values())
        fields |= {"event": event, "note": note}
        if WebhookLost.name in faults:
            delivery = self._deliveries.add(at=time.time(), **fields)
            return [self._not_sent(delivery, "lost on purpose")]
        delays = [
            fault.seconds
            for fault in faults.values()
            if isinstance(fault, WebhookLate | WebhookOutOfOrder)
        ]
        times = 2 if WebhookTwice.name in faults else 1
        is_held = WebhookOutOfOrder.name in faults
        first = self._put(delay=sum(delays), is_held=is_held, **fields)
        again = [self._put(repeats=first.id, **fields) for _ in range(1, times)]
        return [first, *again]

    def _put(
        self, *, delay: float = 0.0, is_held: bool = False, **fields: Any
    ) -> Delivery:
        delivery = self._deliveries.add(at=time.time(), **fields)
        due = time.monotonic() + delay if delay else 0.0
        if not self._lines.put(Job(delivery.app_key, delivery.id, due, is_held)):
            return self._not_sent(delivery, STOPPED if self._is_stopped else FULL)
        return delivery

    def _not_sent(self, delivery: Delivery, failure: str) -> Delivery:
        self._deliveries.finish(delivery.id, outcome="not-sent", failure=failure)
        return replace(delivery, outcome="not-sent", failure=failure)

    def _send(self, delivery_id: int) -> None:
        # Runs in the thread of the app's queue.
        delivery = self._deliveries.find_by_id(delivery_id)
        if delivery is None:
            return
        # With the app's present secret and state.
        app = self._site.get(Installations).find_enabled(delivery.app_key)
        if app is None:
            self._not_sent(delivery, "the app is not installed and enabled any more")
            return
        try:
            answer = send(self._site, app, delivery, self._sockets)
        except (requests.RequestException, ValueError) as error:
            # Before anything was sent, for example because the declared URL is invalid.
            self._not_sent(delivery, f"cannot be sent: {type(error).__name__}")
            return
        if self._is_stopped:
            return
        self._deliveries.finish(
            delivery_id,
            outcome=answer.outcome,
            status=answer.status,
            failure=answer.failure,
            sent_at=answer.sent_at,
            milliseconds=answer.milliseconds,
            request_headers=answer.request_headers,
        )
        if answer.outcome != "delivered":
            said = answer.failure or answer.status
            logger.warning("%s answered %s to %s", app.app_key, said, delivery.event)
            self._retry(delivery, answer.status)

    def _retry(self, delivery: Delivery, status: int | None) -> None:
        is_retried = status is None or status in RETRIED_STATUSES or status >= 500
        if is_retried and delivery.attempt <= self.settings.retries:
            seconds = self.settings.retry_seconds * 2 ** (delivery.attempt - 1)
            self.repeat(delivery, attempt=delivery.attempt + 1, delay=seconds)

    def repeat(self, delivery: Delivery, **fields: Any) -> Delivery:
        """Queue a delivery for its app once more."""
        return self._put(
            event=delivery.event,
            app_key=delivery.app_key,
            url=delivery.url,
            body=delivery.body,
            account_id=delivery.account_id,
            repeats=delivery.id,
            **fields,
        )

    def wait_idle(self, seconds: float) -> bool:
        """Wait until every delivery is finished; return False if it takes longer."""
        return self._lines.wait_idle(seconds)

    def stop(self) -> None:
        """Stop sending, and interrupt what is being sent."""
        self._is_stopped = True
        self._sockets.shut()
        self._lines.stop(STOP_SECONDS)
