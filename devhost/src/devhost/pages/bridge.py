"""Atlassian's JavaScript bridge from npm, and the endpoints that our half calls."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, request, send_from_directory

from devhost.access_rules import is_blocked
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import record_context_token
from devhost.modules.conditions.describe import unmet_condition
from devhost.modules.iframes import bridge_options, iframe_url
from devhost.modules.module import Module, find_module
from devhost.modules.places import Place, context_claim, find_place
from devhost.pages.ap_members import refusals
from devhost.protocol.strict_json import parse_json
from devhost.site.current import current_site
from devhost.site.installations import Installation, Installations
from devhost.site.origin_check import has_session
from devhost.tokens.signing import context_token
from devhost.wiki import reading
from devhost.wiki.macro_messages import blocked_text

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
BRIDGE = PACKAGES / "atlassian-connect-js" / "dist"
JQUERY = PACKAGES / "jquery" / "dist"
TAIL = ROOT / "static" / "all-tail.js"
# How iframe.js 5.3.190 builds the address of its theme style sheets.
CDN_EXPRESSION = '"https://" + CDN_DOMAIN'
MISSING = (
    "Atlassian's JavaScript bridge is not installed: run "
    "`python -m devhost.install_bridge` and load this page again."
)

blueprint = Blueprint("bridge", __name__)


def is_installed() -> bool:
    """Whether npm's packages are installed."""
    return (BRIDGE / "iframe.js").is_file() and (JQUERY / "jquery.js").is_file()


@lru_cache(maxsize=4)
def _all_js(asset_root: str) -> str:
    script = (BRIDGE / "iframe.js").read_text("utf-8")
    script = script.replace(CDN_EXPRESSION, json.dumps(asset_root))
    tail = TAIL.read_text("utf-8")
    return f"{script}\nconst REFUSALS = {json.dumps(refusals())};\n{tail}"


def _public(response: Response) -> Response:
    # App pages of other origins load these files.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/wiki/atlassian-connect/all.js")
def all_js() -> Response:
    """Return the script that an app page loads."""
    if is_installed():
        script = _all_js(f"{current_site().base_url}/atlassian-connect")
    else:
        script = f"console.error({json.dumps(MISSING)});"
    response = Response(script, mimetype="text/javascript")
    response.add_etag()
    response.make_conditional(request.environ)
    return _public(response)


@blueprint.get("/wiki/atlassian-connect/<path:name>")
def bridge_asset(name: str) -> Response:
    """Return a style sheet that the bridge loads into an app page."""
    if not name.endswith(".css"):
        abort(404)
    return _public(send_from_directory(BRIDGE, name))


@blueprint.get("/devhost/vendor/connect-host.js")
def connect_host() -> Response:
    """Return the bridge's host side."""
    return send_from_directory(BRIDGE, "connect-host.js")


@blueprint.get("/devhost/vendor/jquery.js")
def jquery() -> Response:
    """Return jQuery, which the host side needs."""
    return send_from_directory(JQUERY, "jquery.js")


@blueprint.post("/devhost/api/context-token")
def new_context_token() -> dict[str, str]:
    """Return a context JWT for an iframe of our page.

    The app must be installed and enabled. Its module need not exist: a dynamic module
    may have been removed while its iframe is open.
    """
    body = requested()
    app = _requested_app(body)
    key = str(body.get("moduleKey"))
    module = find_module(current_site(), app, key) or Module(app, "", {"key": key})
    return {"token": _context_token(_named_place(module, body))}


def _context_token(place: Place) -> str:
    site, app = current_site(), place.module.app
    token = context_token(app, user=site.user, context=context_claim(site, place))
    record_context_token(
        site.get(ExchangeLog),
        app_key=app.app_key,
        base_url=app.base_url,
        token=token,
        user=site.user.account_id,
    )
    return token


@blueprint.post("/devhost/api/iframe")
def new_iframe() -> dict[str, Any]:
    """Return a fresh iframe URL, for a dialog or when a token has expired."""
    place = _requested_place()
    site = current_site()
    if is_blocked(site, place.module.app.app_key, place.space):
        abort(403, blocked_text(place.module.title))
    if unmet := unmet_condition(site, place.module, place):
        abort(403, f"The condition {unmet} of {place.module.title} does not hold.")
    return {"url": iframe_url(site, place), "options": bridge_options(site, place)}


@blueprint.post("/devhost/api/content-address")
def content_address() -> dict[str, str]:
    """Return the address of a piece of content, for ``AP.navigator``."""
    page = _requested_place().content
    if page is None:
        abort(404, "There is no such content in the local Confluence.")
    return {"address": reading.address(page)}


def requested() -> dict[str, Any]:
    """Return what the script of our page sends; 403 if it is from another page."""
    if not has_session():
        abort(403, "Only the pages of the local Confluence may ask for this.")
    try:
        body = parse_json(request.get_data())
    except ValueError:
        abort(400, "The body must be JSON.")
    if not isinstance(body, dict):
        abort(400, "The body must be a JSON object.")
    return body


def _requested_app(body: dict[str, Any]) -> Installation:
    app = current_site().get(Installations).find_enabled(str(body.get("appKey")))
    if app is None:
        abort(404, "No such app is installed and enabled.")
    return app


def _requested_place() -> Place:
    body = requested()
    app = _requested_app(body)
    module = find_module(current_site(), app, str(body.get("moduleKey")))
    if module is None or not module.url:
        abort(404, f"{app.name} has no such module with a URL.")
    return _named_place(module, body)


def _named_place(module: Module, body: dict[str, Any]) -> Place:
    return find_place(
        current_site(),
        module,
        body.get("contentId"),
        body.get("macroId"),
        space_key=body.get("spaceKey"),
        custom=body.get("customData"),
    )
