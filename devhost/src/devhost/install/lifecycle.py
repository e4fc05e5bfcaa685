"""The lifecycle of apps: install, upgrade, enable, disable and uninstall."""

import logging
import secrets
import uuid
from dataclasses import replace
from typing import Any, Literal

from devhost.descriptor.document import InstallError, fetch_descriptor
from devhost.descriptor.module_rules import module_keys, static_modules
from devhost.exchanges.log import ExchangeLog
from devhost.install.callbacks import Outcome, send_callback
from devhost.site import Site
from devhost.site.app_data import AppProperties, DynamicModules
from devhost.site.assumptions import Assumptions
from devhost.site.clock import Clock
from devhost.site.installations import Installation, Installations

logger = logging.getLogger("devhost")

# Not documented, but Confluence's own host code accepts 201.
INSTALLED_STATUSES = frozenset({200, 201, 204})


class LifecycleError(Exception):
    """The operation is impossible in the app's state."""


def install(site: Site, descriptor_url: str) -> Installation:
    """Install the app at *descriptor_url*, or upgrade it.

    :raises InstallError: if it is refused; nothing has changed here then.
    """
    with site.lifecycle_lock:
        exchanges = site.get(ExchangeLog)
        descriptor = fetch_descriptor(descriptor_url, exchanges, site.product)
        previous = site.get(Installations).find(descriptor["key"])
        app = _candidate(site, descriptor, descriptor_url, previous)
        check_installed_outcome(site, app, send_callback(site, app, "installed"))
        site.get(Installations).save(app)
        _drop_conflicting_dynamic_modules(site, app)
        _notify(site, app, "enabled")
    logger.info("installed %s from %s", app.app_key, descriptor_url)
    return app


def _candidate(
    site: Site, descriptor: dict[str, Any], url: str, previous: Installation | None
) -> Installation:
    acts_as_user = any(
        scope.upper() == "ACT_AS_USER" for scope in descriptor.get("scopes", [])
    )
    kept_oauth_client_id = previous.oauth_client_id if previous else None
    return Installation(
        app_key=descriptor["key"],
        client_key=previous.client_key if previous else str(uuid.uuid4()),
        shared_secret=new_secret_text(),
        descriptor_url=url,
        descriptor=descriptor,
        oauth_client_id=(kept_oauth_client_id or secrets.token_urlsafe(24))
        if acts_as_user
        else None,
        clock=site.get(Clock),
    )


def new_secret_text() -> str:
    """Return a new shared secret: opaque, with Atlassian's prefix."""
    return "ATCO" + secrets.token_urlsafe(96)


def is_accepted(site: Site, outcome: Outcome | None) -> bool:
    """Whether an app accepted ``installed``, or did not ask for it."""
    if outcome is not None and outcome.status == 201:
        return site.get(Assumptions)["installed-201"] == "accepted"
    return outcome is None or outcome.status in INSTALLED_STATUSES


def check_installed_outcome(
    site: Site, app: Installation, outcome: Outcome | None
) -> None:
    """Check the app's answer to ``installed``.

    :raises InstallError: in Confluence's words, if the app did not accept.
    """
    if outcome is None or is_accepted(site, outcome):
        return
    if outcome.status is not None:
        raise InstallError(
            f"The app host returned HTTP response code {outcome.status} when we tried "
            "to contact it during installation. Please try again later or contact "
            "the app vendor."
        )
    if outcome.failure == "timed out":
        raise InstallError(
            "The app host did not respond when we tried to contact it at "
            f'"{app.base_url}" during installation (the attempt timed out). '
            "Please try again later or contact the app vendor."
        )
    raise InstallError(
        f'We could not contact the app host at "{app.base_url}" during installation '
        f"({outcome.failure}). Please try again later or contact the app vendor."
    )


def _drop_conflicting_dynamic_modules(site: Site, app: Installation) -> None:
    # https://developer.atlassian.com/cloud/confluence/dynamic-modules/
    dynamic = module_keys(site.get(DynamicModules).all(app.app_key))
    if set(dynamic) & set(module_keys(static_modules(app.descriptor))):
        site.get(DynamicModules).remove_all(app.app_key)
        logger.info("a static module replaces all dynamic modules of %s", app.app_key)


def _notify(site: Site, app: Installation, event: str) -> None:
    outcome = send_callback(site, app, event)
    if outcome is not None and outcome.status not in INSTALLED_STATUSES:
        logger.warning("%s answered %s to %s", app.app_key, outcome, event)


def installed_app(site: Site, app_key: str) -> Installation:
    """Return an app that is currently installed.

    :raises LifecycleError: if it is not.
    """
    app = site.get(Installations).find_installed(app_key)
    if app is None:
        raise LifecycleError(f"{app_key} is not installed")
    return app


def uninstall(site: Site, app_key: str) -> None:
    """Uninstall an app; its data is kept in case it is installed again.

    :raises LifecycleError: if it is not installed.
    """
    with site.lifecycle_lock:
        app = installed_app(site, app_key)
        site.get(Installations).save(replace(app, state="uninstalled"))
        events = ["disabled", "uninstalled"]
        if site.get(Assumptions)["uninstall-order"] == "uninstalled-first":
            events.reverse()
        for event in events:
            if event == "uninstalled" or app.state == "enabled":
                _notify(site, app, event)
        if site.get(Assumptions)["app-data-after-uninstall"] == "gone":
            site.get(AppProperties).delete_all(app_key)


def enable(site: Site, app_key: str) -> None:
    """Enable a disabled app.

    :raises LifecycleError: if it is not disabled.
    """
    _switch(site, app_key, "enabled")


def disable(site: Site, app_key: str) -> None:
    """Disable an enabled app.

    :raises LifecycleError: if it is not enabled.
    """
    _switch(site, app_key, "disabled")


def _switch(site: Site, app_key: str, state: Literal["enabled", "disabled"]) -> None:
    with site.lifecycle_lock:
        app = installed_app(site, app_key)
        if app.state == state:
            raise LifecycleError(f"{app_key} is already {state}")
        site.get(Installations).save(replace(app, state=state))
        _notify(site, app, state)


def reinstall(site: Site, app_key: str) -> Installation:
    """Install an app again from its last descriptor URL, uninstalled or not.

    :raises LifecycleError: if it was never installed.
    :raises InstallError: if it is refused.
    """
    known = site.get(Installations).find(app_key)
    if known is None:
        raise LifecycleError(f"{app_key} was never installed")
    return install(site, known.descriptor_url)
