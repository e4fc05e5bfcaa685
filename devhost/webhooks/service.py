"""The webhooks of one site: ``site.webhooks``, and ``confluence.webhooks`` in tests."""

import json
import logging
import time
from dataclasses import replace
from typing import Any

from devhost.access_rules import AccessRules
from devhost.installations import Installation
from devhost.policy_events import PolicyEvent
from devhost.site import Site
from devhost.webhooks import examples, occurrences, settings
from devhost.webhooks.deliveries import STOPPED, Deliveries, Delivery
from devhost.webhooks.lines import MOST_WAITING, Job, Lines
from devhost.webhooks.occurrences import Occurrence
from devhost.webhooks.sending import OpenSockets, send
from devhost.webhooks.settings import Settings
from devhost.webhooks.subscriptions import (
    Subscription,
    all_subscriptions,
    matching,
    target_url,
)
from devhost.wiki import Wiki
from devhost.wiki.changes import Change
from devhost.wiki.records import Content, Space

STOP_SECONDS = 0.5
FULL = f"{MOST_WAITING} deliveries were waiting for this app already"
RETRIED_STATUSES = frozenset({408, 409, 425, 429})

logger = logging.getLogger("devhost")


class WebhookError(Exception):
    """It cannot be sent; the message says why."""


class Webhooks:
    """Tells the apps what happens, off the threads in which it happens."""

    def __init__(self, site: Site) -> None:
        """Listen to the wiki of *site*, and to its access rules."""
        self._site = site
        self._deliveries = Deliveries(site.state)
        self._sockets = OpenSockets()
        self._lines = Lines(self._send)
        self._is_stopped = False
        self.settings = settings.load(site.state)
        rules = site.access_rules
        site.wiki.changes.connect(self._hear, sender=site.wiki, weak=False)
        rules.events.connect(self._hear_rule, sender=rules, weak=False)

    # What happens.

    def _hear(self, wiki: Wiki, change: Change) -> None:
        for occurrence in occurrences.of_change(
            self._site, change, numeric_ids=self.settings.numeric_ids
        ):
            self.tell(occurrence)

    def _hear_rule(self, rules: AccessRules, event: PolicyEvent) -> None:
        self.announce(event.name, event.body, app_key=event.app_key)

    def announce(
        self,
        event: str,
        payload: Any,
        account_id: str | None = None,
        *,
        app_key: str | None = None,
        content: Content | None = None,
        space: Space | None = None,
    ) -> list[Delivery]:
        """Tell every app that asks for *event*, or only the one of *app_key*.

        It returns at once, from any thread. ``content`` and ``space`` are what the
        event is about; the variables of a webhook's URL are taken from them.
        """
        return self.tell(
            Occurrence(
                event,
                payload,
                account_id=account_id,
                content=content,
                space=space or (content.space if content else None),
                app_key=app_key,
            )
        )

    def viewed(self, content: Content, account_id: str | None) -> None:
        """Tell that somebody looked at a page, a blog post or an attachment."""
        self.tell(occurrences.view(self._site, content, account_id))

    def tell(self, occurrence: Occurrence) -> list[Delivery]:
        """Put one delivery for each webhook that asks for it into its app's line."""
        payload = occurrence.payload
        if self.settings.event_in_body and isinstance(payload, dict):
            payload = {"event": occurrence.event, **payload}
        text = json.dumps(payload, ensure_ascii=False)
        return [
            self._put(
                event=occurrence.event,
                app_key=each.app.app_key,
                url=target_url(self._site, each, occurrence),
                body=None if each.excludes_body else text,
                account_id=occurrence.account_id,
            )
            for each in matching(self._site, occurrence)
        ]

    def _put(self, *, delay: float = 0.0, **fields: Any) -> Delivery:
        delivery = self._deliveries.add(at=time.time(), **fields)
        due = time.monotonic() + delay if delay else 0.0
        if not self._lines.put(Job(delivery.app_key, delivery.id, due)):
            return self._not_sent(delivery, STOPPED if self._is_stopped else FULL)
        return delivery

    def _not_sent(self, delivery: Delivery, failure: str) -> Delivery:
        self._deliveries.finish(delivery.id, outcome="not-sent", failure=failure)
        return replace(delivery, outcome="not-sent", failure=failure)

    # Sending, in the thread of an app's line.

    def _send(self, delivery_id: int) -> None:
        delivery = self._deliveries.find_by_id(delivery_id)
        if delivery is None:
            return
        # With the secret, and in the state, that it has by now.
        app = self._site.installations.find_enabled(delivery.app_key)
        if app is None:
            self._not_sent(delivery, "the app is not installed and enabled any more")
            return
        answer = send(self._site, app, delivery, self._sockets)
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
            self._repeat(delivery, attempt=delivery.attempt + 1, delay=seconds)

    def _repeat(self, delivery: Delivery, **fields: Any) -> Delivery:
        return self._put(
            event=delivery.event,
            app_key=delivery.app_key,
            url=delivery.url,
            body=delivery.body,
            account_id=delivery.account_id,
            repeats=delivery.id,
            **fields,
        )

    # For people and tests.

    def subscriptions(self) -> list[Subscription]:
        """Return every webhook of the enabled apps, static and dynamic."""
        return all_subscriptions(self._site)

    def deliveries(
        self,
        event: str | None = None,
        *,
        app_key: str | None = None,
        outcome: str | None = None,
        after: int = 0,
    ) -> list[Delivery]:
        """Return the deliveries that fit everything given, oldest first.

        ``outcome`` is waiting, delivered, refused, failed or not-sent; ``after``
        the id behind which to begin.
        """
        return self._deliveries.find(
            event, app_key=app_key, outcome=outcome, after=after
        )

    def find(self, delivery_id: int) -> Delivery | None:
        """Return one delivery, None if it is not kept."""
        return self._deliveries.find_by_id(delivery_id)

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery once more, with a fresh token, as a delivery of its own.

        :raises WebhookError: if it is not known, or its app is not there.
        """
        delivery = self._deliveries.find_by_id(delivery_id)
        if delivery is None:
            raise WebhookError(f"there is no delivery #{delivery_id} any more")
        self._enabled(delivery.app_key)
        return self._repeat(delivery)

    def fire(
        self,
        event: str,
        body: Any = None,
        *,
        account_id: str | None = None,
        content: Content | None = None,
        app_key: str | None = None,
    ) -> list[Delivery]:
        """Send an event that did not happen, to every webhook that asks for it.

        Without a *body* it is the example for *content*, or for a page of the wiki.

        :raises WebhookError: if no enabled app has a webhook for it, or there is no
            such event to make an example of.
        """
        if app_key is not None:
            self._enabled(app_key)
        content = content or examples.default_page(self._site)
        if body is None:
            body = self.example(event, content, account_id)
        told = self.announce(event, body, account_id, app_key=app_key, content=content)
        if not told:
            raise WebhookError(
                f"no enabled app has a webhook for {event}: write "
                f'{{"event": "{event}", "url": "/webhooks/{event}"}} into '
                "modules.webhooks of the descriptor and upgrade the app, "
                "or register it as a dynamic module"
            )
        return told

    def example(
        self, event: str, content: Content | None = None, account_id: str | None = None
    ) -> Any:
        """Return a body of *event* as ``fire`` sends it, for a page of the wiki.

        :raises WebhookError: if there is no such event, or no page.
        """
        try:
            return examples.body(self._site, event, content, account_id)
        except ValueError as error:
            raise WebhookError(str(error)) from error

    def _enabled(self, app_key: str) -> Installation:
        app = self._site.installations.find_enabled(app_key)
        if app is None:
            raise WebhookError(f"{app_key} is not installed and enabled")
        return app

    def assume(self, **changes: Any) -> Settings:
        """Change what is assumed, for good: see ``Settings``.

        :raises ValueError: if there is no such setting, or it cannot be so.
        """
        self.settings = settings.change(self._site.state, **changes)
        return self.settings

    def wait_idle(self, seconds: float = 10) -> bool:
        """Wait until every delivery is done; False if it takes longer."""
        return self._lines.wait_idle(seconds)

    def clear(self) -> None:
        """Forget every delivery that is done."""
        self._deliveries.clear()

    def stop(self) -> None:
        """Send nothing any more, and interrupt what is being sent."""
        self._is_stopped = True
        site = self._site
        site.wiki.changes.disconnect(self._hear, site.wiki)
        site.access_rules.events.disconnect(self._hear_rule, site.access_rules)
        self._sockets.shut()
        self._lines.stop(STOP_SECONDS)
