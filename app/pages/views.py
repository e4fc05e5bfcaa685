"""The pages that Confluence shows in its iframes."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ..connect import (
    admin_required,
    current_account_id,
    current_context,
    current_tenant,
    jwt_required,
)
from . import bp


@bp.get("/overview")
@jwt_required
def overview() -> ResponseReturnValue:
    """Show the general page: user, license, app property and menu link."""
    return render_template(
        "overview.html", tenant=current_tenant, account_id=current_account_id
    )


@bp.get("/settings")
@jwt_required
@admin_required
def settings() -> ResponseReturnValue:
    """Show the administrators' page."""
    return render_template("settings.html", tenant=current_tenant)


@bp.get("/macros/greeting")
@jwt_required
def greeting() -> ResponseReturnValue:
    """Show the macro; the token covers its URL, so its parameters can be trusted."""
    return render_template(
        "greeting.html",
        greeting=request.args.get("greeting") or "Hello",
        space_key=request.args.get("space") or _space_key(),
        account_id=current_account_id,
    )


def _space_key() -> str | None:
    """Return the key of the page's space; a context may lack any part of it."""
    found: Any = dict(current_context)
    for name in ("confluence", "space", "key"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None
