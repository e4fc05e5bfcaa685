"""App properties: ``/rest/atlassian-connect/1/addons/{appKey}/properties``."""

import json
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from devhost.protocol.raw_target import decode_segment
from devhost.protocol.strict_json import parse_json
from devhost.rest.caller import caller
from devhost.rest.errors import RestError
from devhost.site.app_data import AppProperties
from devhost.site.assumptions import Assumptions
from devhost.site.current import current_site

RESERVED_KEY = "connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8"
MAX_KEY_LENGTH = 127
MAX_VALUE_BYTES = 32 * 1024

ROOT = "/rest/atlassian-connect/1/addons/<app_key>/properties"


def add_routes(blueprint: Blueprint) -> None:
    """Add the app property resources."""
    one = f"{ROOT}/<property_key>"
    blueprint.add_url_rule(ROOT, view_func=list_properties)
    blueprint.add_url_rule(one, view_func=get_property)
    blueprint.add_url_rule(one, view_func=put_property, methods=["PUT"])
    blueprint.add_url_rule(one, view_func=delete_property, methods=["DELETE"])


def list_properties(app_key: str) -> Response:
    """Return the keys of the app's properties."""
    _check_app(app_key)
    keys = current_site().get(AppProperties).keys(caller.app.app_key)
    return jsonify(keys=[{"key": key, "self": _self_link(key)} for key in keys])


def get_property(app_key: str, property_key: str) -> Response:
    """Return one property."""
    _check_app(app_key)
    key = _checked_key(property_key)
    if key == RESERVED_KEY:
        text: str | None = json.dumps(caller.app.client_key)
    else:
        text = current_site().get(AppProperties).find(caller.app.app_key, key)
    if text is None:
        raise RestError(404, f"Property with key {key} not found.")
    assumed = str(current_site().get(Assumptions)["property-json-value"])
    as_json = request.args.get("jsonValue", assumed).lower() == "true"
    value: Any = json.loads(text) if as_json else text
    return jsonify({"key": key, "value": value, "self": _self_link(key)})


def put_property(app_key: str, property_key: str) -> Response:
    """Create or update one property."""
    _check_app(app_key)
    key = _writable_key(property_key)
    if (request.content_length or 0) > MAX_VALUE_BYTES:
        raise _value_too_large()
    body = request.get_data()
    if len(body) > MAX_VALUE_BYTES:
        raise _value_too_large()
    try:
        parse_json(body)
    except ValueError as error:
        raise RestError(400, "Property value must be valid JSON.") from error
    most = current_site().get(Assumptions).number("property-limit")
    created = (
        current_site()
        .get(AppProperties)
        .set(caller.app.app_key, key, body.decode("utf-8"), limit=most)
    )
    if created is None:
        raise RestError(
            409,
            "Maximum number of properties allowed to be stored "
            f"{most} has been reached.",
        )
    status, done = (201, "created") if created else (200, "updated")
    response = jsonify({"status-code": status, "message": f"Property {key} {done}."})
    response.status_code = status
    return response


def delete_property(app_key: str, property_key: str) -> tuple[str, int]:
    """Delete one property."""
    _check_app(app_key)
    key = _writable_key(property_key)
    if not current_site().get(AppProperties).delete(caller.app.app_key, key):
        raise RestError(404, f"Property with key {key} not found.")
    return "", 204


def _check_app(app_key: str) -> None:
    if caller.user is not None and caller.user.account_id is None:
        raise RestError(401, "Access to this resource must be authenticated.")
    if app_key != caller.app.app_key:
        raise RestError(404, "App with key does not exist.")


def _checked_key(segment: str) -> str:
    try:
        key = decode_segment(segment)
    except UnicodeDecodeError as error:
        raise RestError(400, "The property key is not UTF-8.") from error
    if len(key) > MAX_KEY_LENGTH:
        raise RestError(
            400,
            f"The property key cannot be longer than {MAX_KEY_LENGTH} characters.",
        )
    return key


def _writable_key(segment: str) -> str:
    key = _checked_key(segment)
    if key == RESERVED_KEY:
        raise RestError(403, "The property key is reserved and read-only.")
    return key


def _value_too_large() -> RestError:
    return RestError(
        403, f"The property value cannot be larger than {MAX_VALUE_BYTES} bytes."
    )


def _self_link(key: str) -> str:
    root = f"{current_site().base_url}/rest/atlassian-connect/1/addons"
    return f"{root}/{caller.app.app_key}/properties/{quote(key, safe='')}"
