"""The webhook service of one site; in tests ``confluence.webhooks``."""

from typing import Any, Self

from devhost.access_rules import AccessRules
from devhost.access_rules.policy_events import PolicyEvent
from devhost.site import Site
from devhost.site.installations import Installation, Installations
from devhost.webhooks import examples, occurrences, settings
from devhost.webhooks.deliveries import Deliveries, Delivery
from devhost.webhooks.dispatch import Dispatch
from devhost.webhooks.occurrences import Occurrence
from devhost.webhooks.settings import Settings
from devhost.webhooks.subscriptions import Subscription, all_subscriptions
from devhost.wiki import Wiki
from devhost.wiki.changes import Change
from devhost.wiki.records import Content, Space


class WebhookError(Exception):
    """It cannot be sent; the message says why."""


class Webhooks:
    """Notifies the apps of what happens, in threads of its own."""

    def __init__(self, site: Site) -> None:
        """Listen to the wiki of *site*, and to its access rules."""
        self._site = site
        self._deliveries = Deliveries(site.state)
        self._dispatch = Dispatch(site, self._deliveries)
        rules = site.get(AccessRules)
        site.get(Wiki).changes.connect(self._hear, sender=site.get(Wiki), weak=False)
        rules.events.connect(self._hear_rule, sender=rules, weak=False)

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the webhooks of *site*."""
        return cls(site)

    @property
    def settings(self) -> Settings:
        """The assumptions about Confluence's webhooks."""
        return self._dispatch.settings

    # Events.

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
        """Notify every app that subscribes to *event*, or only the one with *app_key*.

        It returns at once, from any thread. ``content`` and ``space`` are the subject
        of the event; they supply the variables of a webhook's URL.
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

    def viewed(
        self,
        content: Content,
        account_id: str | None,
        container: Content | None = None,
    ) -> None:
        """Notify apps that a page, a blog post or an attachment was viewed."""
        occurrence = occurrences.view(self._site, content, account_id, container)
        # The most frequent event, and one that few apps subscribe to.
        if any(each.event == occurrence.event for each in self.subscriptions()):
            self.tell(occurrence)

    def tell(self, occurrence: Occurrence) -> list[Delivery]:
        """Queue one delivery for each webhook that subscribes to it."""
        return self._dispatch.tell(occurrence)

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
        since: int = 0,
    ) -> list[Delivery]:
        """Return the deliveries that match everything given, oldest first.

        ``outcome`` is waiting, delivered, refused, failed or not-sent; ``after`` is the
        id, ``since`` the revision after which the search begins.
        """
        return self._deliveries.find(
            event, app_key=app_key, outcome=outcome, after=after, since=since
        )

    @property
    def revision(self) -> int:
        """The revision of the delivery that changed last."""
        return self._deliveries.revision

    def find(self, delivery_id: int) -> Delivery | None:
        """Return one delivery, None if it is no longer kept."""
        return self._deliveries.find_by_id(delivery_id)

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery once more, with a fresh token, as a new delivery.

        :raises WebhookError: if it is unknown, or its app is not there.
        """
        delivery = self._deliveries.find_by_id(delivery_id)
        if delivery is None:
            raise WebhookError(f"there is no delivery #{delivery_id} any more")
        self._enabled(delivery.app_key)
        return self._dispatch.repeat(delivery)

    def fire(
        self,
        event: str,
        body: Any = None,
        *,
        account_id: str | None = None,
        content: Content | None = None,
        app_key: str | None = None,
    ) -> list[Delivery]:
        """Send an event that did not happen, to every webhook that subscribes to it.

        Without a *body*, it sends the example for *content*, or for a page of the wiki.

        :raises WebhookError: if no enabled app has a webhook for it, or there is no
            such event to make an example for.
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
        app = self._site.get(Installations).find_enabled(app_key)
        if app is None:
            raise WebhookError(f"{app_key} is not installed and enabled")
        return app

    def assume(self, **changes: Any) -> Settings:
        """Change assumptions permanently: see ``Settings``.

        :raises ValueError: if there is no such setting, or the value is not allowed.
        """
        self._dispatch.settings = settings.change(self._site.state, **changes)
        return self.settings

    def wait_idle(self, seconds: float = 10) -> bool:
        """Wait until every delivery is finished; return False if it takes longer."""
        return self._dispatch.wait_idle(seconds)

    def clear(self) -> None:
        """Forget every finished delivery."""
        self._deliveries.clear()

    def stop(self) -> None:
        """Stop sending, and interrupt what is being sent."""
        site = self._site
        site.get(Wiki).changes.disconnect(self._hear, site.get(Wiki))
        site.get(AccessRules).events.disconnect(self._hear_rule, site.get(AccessRules))
        self._dispatch.stop()
