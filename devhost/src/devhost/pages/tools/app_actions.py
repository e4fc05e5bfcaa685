"""Actions of the lifecycle desk on an app, shared by its page and its JSON."""

from collections.abc import Callable
from typing import Any

from flask import abort, request

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.present import as_json
from devhost.install import lifecycle, tenant_changes
from devhost.install.license import Licenses
from devhost.modules.module import first_page, hidden_modules
from devhost.protocol.raw_target import decode_segment
from devhost.protocol.strict_json import parse_json
from devhost.site import Site
from devhost.site.current import current_site
from devhost.site.installations import Installation

SHOWN_KINDS = frozenset({"descriptor", "lifecycle"})


def _import_without_data(site: Site, app_key: str) -> Installation:
    return tenant_changes.import_site(site, app_key, keep_app_data=False)


ACTIONS: dict[str, Callable[[Site, str], Any]] = {
    "enable": lifecycle.enable,
    "disable": lifecycle.disable,
    "uninstall": lifecycle.uninstall,
    "reinstall": lifecycle.reinstall,
    "rotate-secret": tenant_changes.rotate_secret,
    "import": tenant_changes.import_site,
    "import-without-data": _import_without_data,
    "tell-address": tenant_changes.tell_address,
}


def find_action(name: str) -> Callable[[Site, str], Any]:
    """Return the action called *name*; 404 if there is no such action."""
    if name not in ACTIONS:
        abort(404, f"The actions are {', '.join(ACTIONS)}.")
    return ACTIONS[name]


def decoded_key(segment: str) -> str:
    """Return an app key from an address; 404 if it cannot be decoded."""
    try:
        return decode_segment(segment)
    except UnicodeDecodeError:
        abort(404, "There is no such app.")


def json_object() -> dict[str, Any]:
    """Return the request's body; 400 if it is not a JSON object."""
    try:
        body = parse_json(request.get_data() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        abort(400, "The body must be a JSON object.")
    return body


def member(name: str) -> str:
    """Return a string of the request's body; 400 if there is no such string."""
    value = json_object().get(name)
    if not isinstance(value, str):
        abort(400, f'The body must be a JSON object with a string "{name}".')
    return value


def shown_exchanges(after: int) -> list[Exchange]:
    """Return what an operation sent and received after the exchange *after*."""
    exchanges = current_site().get(ExchangeLog).since(after)
    return [one for one in exchanges if one.kind in SHOWN_KINDS]


def representation(app: Installation, after: int | None = None) -> dict[str, Any]:
    """Return *app* as JSON, with the exchanges after *after* if it is given."""
    site = current_site()
    page = first_page(site, app) if app.state == "enabled" else None
    answer: dict[str, Any] = {
        "key": app.app_key,
        "name": app.name,
        "clientKey": app.client_key,
        "state": app.state,
        "licence": site.get(Licenses).of(app).state,
        "baseUrl": app.base_url,
        "descriptorUrl": app.descriptor_url,
        "notShown": hidden_modules(site, app),
        "page": None if page is None else site.origin + page.address,
    }
    if after is not None:
        answer["exchanges"] = [as_json(one) for one in shown_exchanges(after)]
    return answer
