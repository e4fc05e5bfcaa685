"""The lifecycle desk as JSON, below ``/devhost/api/``."""

from typing import Any

from flask import Blueprint, Response, abort

from devhost.descriptor.document import InstallError
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.present import as_json
from devhost.install import lifecycle
from devhost.install.callbacks import recent_callbacks
from devhost.install.further_sites import FurtherSites
from devhost.install.license import LicenseError, Licenses
from devhost.install.lifecycle import LifecycleError
from devhost.install.tenant_changes import rename_site
from devhost.pages.tools.app_actions import (
    decoded_key,
    find_action,
    json_object,
    member,
    representation,
    shown_exchanges,
)
from devhost.pages.tools.module_list import entries
from devhost.site import SITE_HOST_NAMES, Site
from devhost.site.current import current_site
from devhost.site.installations import Installations

Answer = tuple[dict[str, Any], int]

blueprint = Blueprint("desk_api", __name__, url_prefix="/devhost/api")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/apps")
def list_apps() -> dict[str, Any]:
    """Return every app that was ever installed here."""
    apps = current_site().get(Installations).all()
    return {"apps": [representation(app) for app in apps]}


@blueprint.get("/apps/<app_key>/modules")
def list_modules(app_key: str) -> dict[str, Any]:
    """Return every module of an app, with where it is shown or why it is not."""
    site = current_site()
    app = site.get(Installations).find(decoded_key(app_key))
    if app is None:
        abort(404, "There is no such app.")
    return {
        "modules": [
            {
                "key": each.module.key,
                "type": each.module.type,
                "dynamic": each.is_dynamic,
                "where": each.where,
                "address": each.address,
                "hidden": each.hidden,
            }
            for each in entries(site, app)
        ]
    }


@blueprint.get("/callbacks")
def list_callbacks() -> dict[str, Any]:
    """Return the latest lifecycle callbacks, newest first."""
    return {
        "callbacks": [
            {
                "appKey": callback.app_key,
                "event": callback.event,
                "request": callback.request_line,
                "answer": callback.answer,
                "sentAt": callback.sent_at,
            }
            for callback in recent_callbacks(current_site())
        ]
    }


@blueprint.post("/install")
def install() -> Answer:
    """Install the app whose descriptor is at ``descriptorUrl``."""
    before = current_site().get(ExchangeLog).last_id
    try:
        app = lifecycle.install(current_site(), member("descriptorUrl"))
    except InstallError as error:
        return _refused(error, 400, before)
    return representation(app, before), 200


@blueprint.post("/apps/<app_key>/<action>")
def act(app_key: str, action: str) -> Answer:
    """Carry out one of ``ACTIONS`` on an app."""
    site, key = current_site(), decoded_key(app_key)
    do = find_action(action)
    if site.get(Installations).find(key) is None:
        return {"error": f"{key} was never installed"}, 404
    before = site.get(ExchangeLog).last_id
    try:
        do(site, key)
    except LifecycleError as error:
        return _refused(error, 409, before)
    except InstallError as error:
        return _refused(error, 400, before)
    app = site.get(Installations).find(key)
    return ({} if app is None else representation(app, before)), 200


@blueprint.put("/apps/<app_key>/licence")
def switch_licence(app_key: str) -> Answer:
    """Give an app the ``licence`` free, active, evaluation or expired."""
    site = current_site()
    app = site.get(Installations).find(decoded_key(app_key))
    if app is None:
        abort(404, "There is no such app.")
    try:
        site.get(Licenses).switch(app.app_key, member("licence"))
    except LicenseError as error:
        abort(400, str(error))
    return representation(app), 200


@blueprint.get("/site")
def get_site() -> dict[str, Any]:
    """Return this site's addresses, and the names it can be given."""
    return _site(current_site())


@blueprint.put("/site")
def rename() -> Answer:
    """Rename the site to ``baseName``; ``displayName`` and ``newSecret`` are optional.

    ``installed`` tells every installed app.
    """
    site, body, base_name = current_site(), json_object(), member("baseName")
    before = site.get(ExchangeLog).last_id
    display_name = body.get("displayName")
    if display_name is not None and not isinstance(display_name, str):
        abort(400, '"displayName" must be a string.')
    try:
        told = rename_site(
            site,
            base_name,
            display_name=display_name,
            new_secret=body.get("newSecret") is True,
        )
    except LifecycleError as error:
        return {"error": str(error)}, 400
    answers = [
        {"key": one.app_key, "answer": one.answer, "accepted": one.is_accepted}
        for one in told
    ]
    sent = [as_json(one) for one in shown_exchanges(before)]
    return {**_site(site), "told": answers, "exchanges": sent}, 200


@blueprint.get("/sites")
def list_sites() -> dict[str, Any]:
    """Return the further sites of this process."""
    return {"sites": [_site(site) for site in current_site().get(FurtherSites).sites()]}


@blueprint.post("/sites")
def start_site() -> Answer:
    """Start a further site, with the enabled apps unless ``withApps`` is false."""
    with_apps = json_object().get("withApps") is not False
    try:
        site, refused = current_site().get(FurtherSites).start(with_apps=with_apps)
    except LifecycleError as error:
        return {"error": str(error)}, 409
    return {**_site(site), "refused": refused}, 201


@blueprint.delete("/sites/<int:port>")
def stop_site(port: int) -> tuple[str, int]:
    """End a further site, as if it were deleted: no app is told."""
    if not current_site().get(FurtherSites).stop(port):
        abort(404, "There is no further site on that port.")
    return "", 204


def _refused(error: Exception, status: int, before: int) -> Answer:
    sent = [as_json(one) for one in shown_exchanges(before)]
    return {"error": str(error), "exchanges": sent}, status


def _site(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "baseUrl": site.base_url,
        "displayUrl": site.display_url,
        "cloudId": site.cloud_id,
        "desk": f"{site.origin}/devhost/",
        "port": site.port,
        "names": list(SITE_HOST_NAMES),
    }
