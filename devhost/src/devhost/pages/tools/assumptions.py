"""The assumptions at ``/devhost/assumptions``, and the same as JSON."""

from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.pages.chrome import CONTENT_SECURITY_POLICY, render
from devhost.pages.tools.app_actions import json_object
from devhost.site.assumptions import ASSUMPTIONS, AssumptionError, Assumptions
from devhost.site.current import current_site

blueprint = Blueprint("assumptions", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/assumptions")
def show_assumptions(error: str = "") -> str:
    """Show every assumption with its switch."""
    now = current_site().get(Assumptions)
    shown = [(each, now[name]) for name, each in ASSUMPTIONS.items()]
    return render("assumptions.html", assumptions=shown, error=error)


@blueprint.post("/assumptions/<name>")
def set_from_form(name: str) -> AnyResponse | tuple[str, int]:
    """Change an assumption to the form's value."""
    try:
        current_site().get(Assumptions).set(name, request.form.get("value", "").strip())
    except AssumptionError as error:
        return show_assumptions(str(error)), 400
    return redirect(f"/devhost/assumptions#{name}", 303)


@blueprint.get("/api/assumptions")
def list_assumptions() -> dict[str, Any]:
    """Return every assumption."""
    return {"assumptions": [_as_json(name) for name in ASSUMPTIONS]}


@blueprint.put("/api/assumptions/<name>")
def set_assumption(name: str) -> tuple[dict[str, Any], int]:
    """Set an assumption to the ``value`` of the body from now on."""
    try:
        current_site().get(Assumptions).set(name, json_object().get("value", ""))
    except AssumptionError as error:
        return {"error": str(error)}, 400 if name in ASSUMPTIONS else 404
    return _as_json(name), 200


@blueprint.delete("/api/assumptions")
def reset_assumptions() -> tuple[str, int]:
    """Reset every assumption to its default."""
    current_site().get(Assumptions).reset()
    return "", 204


def _as_json(name: str) -> dict[str, Any]:
    assumption = ASSUMPTIONS[name]
    answer: dict[str, Any] = {
        "name": name,
        "value": current_site().get(Assumptions)[name],
        "default": assumption.default,
        "title": assumption.title,
        "meaning": assumption.meaning,
    }
    if assumption.choices:
        answer["choices"] = list(assumption.choices)
    else:
        answer["range"] = list(assumption.range)
    return answer
