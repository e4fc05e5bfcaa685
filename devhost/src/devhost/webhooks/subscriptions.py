"""Webhook subscriptions: which webhooks get an event, and at which URL.

Assumed: an app that an access rule blocks in a space is sent no event about the
contents there, because it could not find them in any other way either; the conditions
of a webhook are evaluated in the place of the event, for the person in the header.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devhost.access_rules import is_blocked
from devhost.install.license import Licenses
from devhost.modules.conditions.evaluate import conditions_hold
from devhost.modules.module import Module, modules_of
from devhost.modules.places import Place, context_variables
from devhost.modules.url_variables import expand_url, legal_url
from devhost.site import Site
from devhost.site.app_data import DynamicModules
from devhost.site.installations import Installation, Installations
from devhost.webhooks.occurrences import Occurrence

MODULE_TYPE = "webhooks"


@dataclass(frozen=True)
class Subscription:
    """One webhook module of an enabled app."""

    module: Module
    is_dynamic: bool = False

    @property
    def app(self) -> Installation:
        """The app that the webhook belongs to."""
        return self.module.app

    @property
    def definition(self) -> dict[str, Any]:
        """The webhook as it is declared."""
        return self.module.definition

    @property
    def event(self) -> str:
        """The event it subscribes to."""
        return str(self.definition["event"])

    @property
    def path(self) -> str:
        """The URL as it is declared, relative to the app's base URL."""
        return "/" + str(self.definition["url"]).lstrip("/")

    @property
    def excludes_body(self) -> bool:
        """Whether it wants to be called without a body."""
        return self.definition.get("excludeBody") is True

    @property
    def property_keys(self) -> list[str]:
        """The only properties whose changes it subscribes to; empty for every one."""
        keys = self.definition.get("propertyKeys")
        return [str(key) for key in keys] if isinstance(keys, list) else []

    @property
    def remarks(self) -> list[str]:
        """Remarks on this declaration, for its developer."""
        found = []
        if self.definition.get("filter"):
            found.append("filter is not supported by Confluence: it is ignored")
        if not reads(self.app):
            found.append("the READ scope is missing: nothing is sent")
        return found


def reads(app: Installation) -> bool:
    """Whether the app has the READ scope, which webhooks need, or one above it."""
    above = {"READ", "WRITE", "DELETE", "SPACE_ADMIN", "ADMIN"}
    return any(
        str(scope).upper() in above for scope in app.descriptor.get("scopes", [])
    )


def all_subscriptions(site: Site) -> list[Subscription]:
    """Return every webhook of the enabled apps, static and dynamic."""
    apps = site.get(Installations).enabled()
    return [each for app in apps for each in _of(site, app)]


def _of(site: Site, app: Installation) -> Iterator[Subscription]:
    dynamic = site.get(DynamicModules).all(app.app_key).get(MODULE_TYPE, [])
    for module in modules_of(site, app):
        if module.type == MODULE_TYPE:
            is_dynamic = module.definition in dynamic
            yield Subscription(module, is_dynamic)


def matching(site: Site, occurrence: Occurrence) -> list[Subscription]:
    """Return the webhooks to be called for *occurrence*, in order."""
    return [
        each
        for each in all_subscriptions(site)
        if each.event == occurrence.event
        and occurrence.app_key in {None, each.app.app_key}
        and reads(each.app)
        and _fits_property(each, occurrence)
        and not _is_hidden(site, each, occurrence)
        and conditions_hold(site, each.module, _place(each, occurrence))
    ]


def _place(subscription: Subscription, occurrence: Occurrence) -> Place:
    return Place(subscription.module, occurrence.content, in_space=occurrence.space)


def _is_hidden(site: Site, subscription: Subscription, occurrence: Occurrence) -> bool:
    # A blocked app can still see the space itself.
    content = occurrence.content
    key = subscription.app.app_key
    return content is not None and is_blocked(site, key, content.space)


def _fits_property(subscription: Subscription, occurrence: Occurrence) -> bool:
    keys = subscription.property_keys
    return (
        not keys or occurrence.property_key is None or occurrence.property_key in keys
    )


def target_url(site: Site, subscription: Subscription, occurrence: Occurrence) -> str:
    """Return the URL to post to, with its variables filled in.

    Assumed: ``lic`` is the only parameter that the host adds, as in webhooks captured
    on real sites. ``user_id`` and ``user_key`` were removed with personal data.
    """
    app = subscription.app
    variables = _variables(subscription, occurrence)
    path = expand_url(subscription.path, variables).partition("#")[0]
    url = app.base_url + legal_url(path)
    return f"{url}{'&' if '?' in url else '?'}lic={site.get(Licenses).of(app).lic}"


def _variables(subscription: Subscription, occurrence: Occurrence) -> dict[str, str]:
    variables = {"user.id": occurrence.account_id or ""}
    if occurrence.space is not None:
        variables["space.id"] = occurrence.space.id
        variables["space.key"] = occurrence.space.key
    return variables | context_variables(_place(subscription, occurrence))
