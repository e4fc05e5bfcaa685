"""Changes of a tenant: what sends ``installed`` to an app that is already installed.

A new secret, a new address of the site, or a new client key. ``enabled`` follows none
of them. https://developer.atlassian.com/cloud/confluence/app-descriptor/

Assumed: a rename keeps the secret (``new_secret`` switches that); an import keeps
base URL, cloud id, app properties and dynamic modules (``keep_app_data``), brings
a new secret, and never tells the app that the old client key is gone.
"""

import logging
import uuid
from dataclasses import dataclass, replace

from devhost.install.callbacks import Outcome, send_callback
from devhost.install.lifecycle import (
    LifecycleError,
    check_installed_outcome,
    installed_app,
    is_accepted,
    new_secret_text,
)
from devhost.site import SITE_HOST_NAMES, Site
from devhost.site.app_data import AppProperties, DynamicModules
from devhost.site.installations import Installation, Installations

logger = logging.getLogger("devhost")


@dataclass(frozen=True)
class Told:
    """What one app answered when it was notified."""

    app_key: str
    answer: str
    is_accepted: bool


def rotate_secret(site: Site, app_key: str) -> Installation:
    """Give an app a new shared secret.

    :raises LifecycleError: if it is not installed.
    :raises InstallError: if it refuses; then the old secret stays.
    """
    with site.lifecycle_lock:
        app = replace(installed_app(site, app_key), shared_secret=new_secret_text())
        return _tell_or_raise(site, app)


def import_site(
    site: Site, app_key: str, *, keep_app_data: bool = True
) -> Installation:
    """Move the app to an import of this site, under a new client key.

    :raises LifecycleError: if it is not installed.
    """
    with site.lifecycle_lock:
        app = replace(
            installed_app(site, app_key),
            client_key=str(uuid.uuid4()),
            shared_secret=new_secret_text(),
        )
        _tell_or_raise(site, app)
        if not keep_app_data:
            _drop_app_data(site, app_key)
        return app


def rename_site(
    site: Site,
    base_name: str,
    *,
    display_name: str | None = None,
    new_secret: bool = False,
) -> list[Told]:
    """Give the site another base URL and display URL, and notify every installed app.

    Both names must be in ``SITE_HOST_NAMES``: no other name leads to this machine
    everywhere. The port cannot change while the host runs. Without ``display_name``
    both are the same, as on a site without a custom domain; the site's own pages and
    iframes stay at the base URL. An app that refuses keeps the old address.

    :raises LifecycleError: if a name is not in ``SITE_HOST_NAMES``.
    """
    for name in (base_name, display_name or base_name):
        if name not in SITE_HOST_NAMES:
            known = ", ".join(SITE_HOST_NAMES)
            raise LifecycleError(f"{name!r} is not a name of this machine: {known}")
    with site.lifecycle_lock:
        site.set_names(base_name, display_name or base_name)
        installed = [
            app for app in site.get(Installations).all() if app.state != "uninstalled"
        ]
        return [_tell(site, app, new_secret) for app in installed]


def tell_address(site: Site, app_key: str) -> Installation:
    """Send ``installed`` with the present address, after a start on another port.

    :raises LifecycleError: if the app is not installed.
    :raises InstallError: if it refuses.
    """
    with site.lifecycle_lock:
        return _tell_or_raise(site, installed_app(site, app_key))


def _tell(site: Site, app: Installation, new_secret: bool) -> Told:
    if new_secret:
        app = replace(app, shared_secret=new_secret_text())
    outcome = send_callback(site, app, "installed")
    accepted = is_accepted(site, outcome)
    if accepted:
        site.get(Installations).save(app)
    else:
        logger.warning("%s answered %s to installed", app.app_key, outcome)
    return Told(app.app_key, _answer(outcome), accepted)


def _answer(outcome: Outcome | None) -> str:
    return "it has no installed callback" if outcome is None else str(outcome)


def _tell_or_raise(site: Site, app: Installation) -> Installation:
    check_installed_outcome(site, app, send_callback(site, app, "installed"))
    site.get(Installations).save(app)
    return app


def _drop_app_data(site: Site, app_key: str) -> None:
    with site.state.transaction():
        site.get(DynamicModules).remove_all(app_key)
        site.get(AppProperties).delete_all(app_key)
