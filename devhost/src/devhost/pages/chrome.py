"""The chrome of every page of the site: header, side bar, the bridge's settings."""

from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as AnyResponse

from devhost.faults.switches import Faults
from devhost.pages import bridge
from devhost.pages.dialog_settings import dialog_settings
from devhost.pages.placement import Placement
from devhost.pages.shortcuts import shortcuts
from devhost.pages.space_addresses import create_address
from devhost.site.current import current_site, current_target
from devhost.site.installations import Installations
from devhost.site.users import USERS
from devhost.wiki import reading

# Only our own scripts and styles; any app can be framed.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; frame-src http: https:; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)


def content_security_policy() -> str:
    """Return the policy of a page that can show the icons of the enabled apps."""
    addresses = [app.base_url for app in current_site().get(Installations).enabled()]
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)}
    images = " ".join(["img-src 'self' data:", *sorted(origins)])
    return CONTENT_SECURITY_POLICY.replace("img-src 'self' data:", images)


def site_blueprint(name: str) -> Blueprint:
    """Return a blueprint for pages of the site, at the site's own address."""
    blueprint = Blueprint(name, __name__)
    blueprint.before_request(_use_the_site_address)
    blueprint.after_request(_protect)
    return blueprint


def _use_the_site_address() -> AnyResponse | None:
    # Apps allow only the site's own origin to frame them, not its other names.
    site = current_site()
    if request.method in {"GET", "HEAD"} and f"http://{request.host}" != site.origin:
        return redirect(site.origin + current_target())
    return None


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = content_security_policy()
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def render(template: str, placed: Placement | None = None, **values: Any) -> str:
    """Render a page of the site, with the modules that are *placed* on it."""
    site = current_site()
    if placed is None:
        placed = Placement(site, () if _is_tool() else ("site",))
    if "boot" in values:
        values["boot"]["frames"] += placed.frames
    elif placed.needs_bridge:
        values["boot"] = boot(placed.frames, location={})
    if "boot" in values:
        values["boot"]["shortcuts"] = shortcuts(placed)
    return render_template(
        template,
        site=site,
        site_name=site.name,
        faults_on=len(site.get(Faults).on()),
        wiki=site.context_path,
        users=USERS.values(),
        people={user.account_id: user.display_name for user in USERS.values()},
        spaces=reading.spaces(site) if site.product.has_wiki else [],
        placed=placed,
        show=current_app.jinja_env.get_template("_links.html").make_module(
            {"request": request}
        ),
        app_pages=placed.pages(),
        create_in=placed.space and create_address(site, placed.space),
        **values,
    )


def _is_tool() -> bool:
    # Our own tools frame no app: its requests would fill the inspector.
    return request.path.startswith("/devhost")


def boot(
    frames: list[dict[str, Any]],
    *,
    app_key: str = "",
    location: dict[str, Any],
    space_key: str | None = None,
) -> dict[str, Any]:
    """Return the settings of ``host.js`` on this page."""
    site = current_site()
    return {
        "contextPath": site.context_path,
        "accountId": site.user.account_id,
        "session": site.session_token,
        "frames": frames,
        "appKey": app_key,
        "location": location,
        "spaceKey": space_key,
        "dialogs": dialog_settings(site),
        "missing": None if bridge.is_installed() else bridge.MISSING,
    }
