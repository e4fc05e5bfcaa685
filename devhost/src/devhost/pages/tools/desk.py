"""The lifecycle desk at ``/devhost/``, and the switch of the current user."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.access_rules import AccessRules
from devhost.descriptor.document import InstallError
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.present import as_json
from devhost.install import lifecycle
from devhost.install.callbacks import recent_callbacks
from devhost.install.further_sites import FurtherSites
from devhost.install.license import STATES, LicenseError, Licenses
from devhost.install.lifecycle import LifecycleError
from devhost.install.tenant_changes import rename_site
from devhost.modules.conditions.describe import used_switches
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.modules.module import SINGLE_PAGES, first_page, hidden_modules, single_page
from devhost.pages.chrome import CONTENT_SECURITY_POLICY, render
from devhost.pages.tools.app_actions import (
    decoded_key,
    find_action,
    member,
    shown_exchanges,
)
from devhost.pages.tools.module_list import entries
from devhost.site import SITE_HOST_NAMES
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.site.users import USERS

blueprint = Blueprint("desk", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/")
def desk(error: str = "", after: int | None = None) -> str:
    """Show the apps, the actions on them, and what was sent to them."""
    site = current_site()
    if after is None:
        after = request.args.get("after", type=int)
    sent = None if after is None else [as_json(one) for one in shown_exchanges(after)]
    installations = site.get(Installations)
    apps = [
        (
            app,
            first_page(site, app),
            site.get(Licenses).of(app).state,
            hidden_modules(site, app),
        )
        for app in installations.all()
    ]
    return render(
        "desk.html",
        apps=apps,
        module_entries={app.app_key: entries(site, app) for app in installations.all()},
        single_pages={
            app.app_key: [single_page(site, app, kind) for kind in SINGLE_PAGES]
            for app in installations.enabled()
        },
        switches=used_switches(site),
        conditions=site.get(ConditionSwitches),
        access_rules=site.get(AccessRules),
        licences=STATES,
        names=SITE_HOST_NAMES,
        further_sites=site.get(FurtherSites).sites(),
        callbacks=recent_callbacks(site),
        sent=sent,
        error=error,
    )


def _back(before: int) -> AnyResponse:
    return redirect(f"/devhost/?after={before}#sent", 303)


@blueprint.post("/install")
def install_from_form() -> AnyResponse | tuple[str, int]:
    """Install from the form on the desk."""
    before = current_site().get(ExchangeLog).last_id
    try:
        lifecycle.install(current_site(), request.form.get("descriptorUrl", "").strip())
    except InstallError as error:
        return desk(str(error), before), 400
    return _back(before)


@blueprint.post("/apps/<app_key>/<action>")
def act_from_form(app_key: str, action: str) -> AnyResponse | tuple[str, int]:
    """Carry out the action of a button on the desk."""
    before = current_site().get(ExchangeLog).last_id
    try:
        find_action(action)(current_site(), decoded_key(app_key))
    except (InstallError, LifecycleError) as error:
        return desk(str(error), before), 400
    return _back(before)


@blueprint.post("/apps/<app_key>/licence")
def switch_licence_from_form(app_key: str) -> AnyResponse | tuple[str, int]:
    """Give an app the license that a button on the desk names."""
    app = current_site().get(Installations).find(decoded_key(app_key))
    if app is None:
        abort(404, "There is no such app.")
    try:
        state = request.form.get("licence", "")
        current_site().get(Licenses).switch(app.app_key, state)
    except LicenseError as error:
        return desk(str(error)), 400
    return redirect("/devhost/", 303)


@blueprint.post("/site")
def rename_from_form() -> AnyResponse | tuple[str, int]:
    """Rename the site and notify the installed apps."""
    before = current_site().get(ExchangeLog).last_id
    try:
        rename_site(
            current_site(),
            request.form.get("baseName", ""),
            display_name=request.form.get("displayName") or None,
            new_secret="newSecret" in request.form,
        )
    except LifecycleError as error:
        return desk(str(error)), 400
    return _back(before)


@blueprint.post("/sites")
def start_site_from_form() -> AnyResponse | tuple[str, int]:
    """Start a further site with the enabled apps."""
    try:
        _, refused = current_site().get(FurtherSites).start()
    except LifecycleError as error:
        return desk(str(error)), 400
    if refused:
        return desk(" ".join(refused.values())), 400
    return redirect("/devhost/#sites", 303)


@blueprint.post("/sites/<int:port>/stop")
def stop_site_from_form(port: int) -> AnyResponse:
    """End a further site."""
    if not current_site().get(FurtherSites).stop(port):
        abort(404, "There is no further site on that port.")
    return redirect("/devhost/#sites", 303)


@blueprint.post("/user")
def switch_user_from_form() -> AnyResponse:
    """Switch the current user, and return to the page the request came from."""
    _switch_user(request.form.get("user", ""))
    back = request.form.get("back", "")
    # Only a path on this site, because // would lead elsewhere.
    is_path = back.startswith("/") and not back.startswith(("//", "/\\"))
    return redirect(back if is_path else "/", 303)


@blueprint.get("/api/ready")
def ready() -> dict[str, str] | tuple[dict[str, str], int]:
    """Return the page to open, once the host has finished starting."""
    page = current_site().page_to_open
    if page is None:
        return {"error": "still starting"}, 503
    return {"page": page}


@blueprint.post("/api/user")
def switch_user() -> dict[str, Any]:
    """Switch the current user of the site: admin, user or anonymous."""
    _switch_user(member("user"))
    return get_user()


@blueprint.get("/api/user")
def get_user() -> dict[str, Any]:
    """Return the current user of the site."""
    user = current_site().user
    return {"user": user.name, "accountId": user.account_id}


def _switch_user(name: str) -> None:
    if name not in USERS:
        abort(400, f"user must be one of {', '.join(USERS)}")
    current_site().switch_user(USERS[name])
