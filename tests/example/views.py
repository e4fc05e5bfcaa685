"""One view for each policy that the framework's tests need."""

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.connect import (
    admin_required,
    context_jwt_required,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
    jwt_required,
)

from . import bp


@bp.get("/overview")
@jwt_required
def overview() -> ResponseReturnValue:
    """Show a general page."""
    return render_template("page.html", text=current_account_id)


@bp.get("/settings")
@jwt_required
@admin_required
def settings() -> ResponseReturnValue:
    """Show an administrators' page."""
    return render_template("page.html", text=current_tenant.client_key)


@bp.get("/macros/greeting")
@jwt_required
def greeting() -> ResponseReturnValue:
    """Show a macro with a parameter."""
    return render_template("page.html", text=request.args.get("greeting"))


@bp.get("/api/context")
@context_jwt_required
def context() -> ResponseReturnValue:
    """Return the tenant, user and context that the token names."""
    return jsonify(
        clientKey=current_tenant.client_key,
        accountId=current_account_id,
        context=current_context,
    )


@bp.route("/api/note", methods=["GET", "PUT", "DELETE"])
@context_jwt_required
def note() -> ResponseReturnValue:
    """Read the app property, write it from the body, or delete it."""
    if request.method == "PUT":
        current_service.properties.set("note", request.get_json())
    elif request.method == "DELETE":
        current_service.properties.delete("note")
    else:
        return jsonify(value=current_service.properties.get("note"))
    return "", 204
