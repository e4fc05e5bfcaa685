"""The endpoints that the example's pages call, with a token from the bridge.

Everybody on the site has such a token. So what changes something for all of them is for
administrators.
"""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from ..connect import (
    PermissionDeniedError,
    admin_required,
    context_jwt_required,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
)
from ..connect.errors import ModuleRejectedError, PropertyNotFoundError
from . import bp

NOTE = "note"
"""The key of the app property that the page reads and writes."""

MENU_LINK = {
    "key": "menu-link",
    "location": "system.header/left",
    "name": {"value": "Example link"},
    "url": "/overview",
}


@bp.get("/api/context")
@context_jwt_required
def context() -> ResponseReturnValue:
    """Return the tenant, user and context that the token names."""
    return jsonify(
        clientKey=current_tenant.client_key,
        accountId=current_account_id,
        context=current_context,
    )


@bp.get("/api/rights")
@context_jwt_required
def rights() -> ResponseReturnValue:
    """Return whether the user may call the endpoints that change something."""
    try:
        return jsonify(administrator=_is_administrator())
    except PermissionDeniedError:
        return jsonify(administrator=False)


@admin_required
def _is_administrator() -> bool:
    return True


@bp.get("/api/license")
@context_jwt_required
def license_state() -> ResponseReturnValue:
    """Return the site's license; ``active`` is null for a free app."""
    license_ = current_service.license.get()
    return jsonify(
        active=license_.active, type=license_.type, evaluation=license_.evaluation
    )


@bp.get("/api/note")
@context_jwt_required
def read_note() -> ResponseReturnValue:
    """Return the app property; its value is null if it does not exist."""
    try:
        return jsonify(value=current_service.properties.get(NOTE))
    except PropertyNotFoundError:
        return jsonify(value=None)


@bp.put("/api/note")
@context_jwt_required
@admin_required
def write_note() -> ResponseReturnValue:
    """Write the app property."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("value"), str):
        return jsonify(error='send JSON such as {"value": "text"}'), 400
    try:
        created = current_service.properties.set(NOTE, body["value"])
    except ValueError as error:
        return jsonify(error=str(error)), 400
    return jsonify(value=body["value"]), 201 if created else 200


@bp.delete("/api/note")
@context_jwt_required
@admin_required
def delete_note() -> ResponseReturnValue:
    """Delete the app property, if it exists."""
    try:
        current_service.properties.delete(NOTE)
    except PropertyNotFoundError:
        pass
    return "", 204


@bp.get("/api/menu-link")
@context_jwt_required
def read_menu_link() -> ResponseReturnValue:
    """Return whether the dynamic module is registered."""
    web_items: Any = current_service.modules.list().get("webItems")
    return jsonify(
        present=isinstance(web_items, list)
        and any(
            isinstance(item, dict) and item.get("key") == MENU_LINK["key"]
            for item in web_items
        )
    )


@bp.put("/api/menu-link")
@context_jwt_required
@admin_required
def add_menu_link() -> ResponseReturnValue:
    """Register the dynamic module."""
    try:
        current_service.modules.register({"webItems": [MENU_LINK]})
    except ModuleRejectedError as error:
        return jsonify(error=error.message), 409
    return jsonify(present=True), 201


@bp.delete("/api/menu-link")
@context_jwt_required
@admin_required
def remove_menu_link() -> ResponseReturnValue:
    """Remove the dynamic module."""
    current_service.modules.remove(str(MENU_LINK["key"]))
    return "", 204
