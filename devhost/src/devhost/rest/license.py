"""The app and its license: ``/rest/atlassian-connect/1/addons/{appKey}``."""

from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.install.license import Licenses
from devhost.protocol.raw_target import decode_segment
from devhost.rest.caller import caller
from devhost.rest.errors import RestError
from devhost.site.current import current_site
from devhost.site.installations import Installation, Installations

PATH = "/rest/atlassian-connect/1/addons/<app_key>"


def add_routes(blueprint: Blueprint) -> None:
    """Add the license resource."""
    blueprint.add_url_rule(PATH, view_func=get_app)


def get_app(app_key: str) -> Response:
    """Return the calling app, with its license if it is a paid app."""
    try:
        key = decode_segment(app_key)
    except UnicodeDecodeError as error:
        raise RestError(400, "The app key is not UTF-8.") from error
    if key == caller.app.app_key:
        return jsonify(_representation(caller.app))
    if current_site().get(Installations).find_installed(key) is None:
        raise RestError(404, f"App with key {key} was not found")
    raise RestError(403, "The request is from a different app.")


def _representation(app: Installation) -> dict[str, Any]:
    site = current_site()
    base_url = site.base_url
    answer: dict[str, Any] = {
        "key": app.app_key,
        "version": str(app.descriptor.get("version", "1.0.0-AC")),
        "state": "ENABLED",
        "host": {
            "product": site.product.title,
            "contacts": [{"name": "Ada Admin", "email": "ada@example.com"}],
        },
        "links": {
            "marketplace": [
                {"href": f"https://marketplace.atlassian.com/plugins/{app.app_key}"}
            ],
            "self": [
                {"href": f"{base_url}/rest/atlassian-connect/1/addons/{app.app_key}"}
            ],
        },
    }
    license = site.get(Licenses).of(app).resource
    if license is not None:
        answer["license"] = license
    return answer
