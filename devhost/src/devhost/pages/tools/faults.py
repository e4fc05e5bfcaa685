"""The faults page at ``/devhost/faults``, and the same as JSON."""

from dataclasses import MISSING, asdict, fields
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.faults.kinds import KINDS, Fault, FaultError
from devhost.faults.switches import Faults
from devhost.pages.chrome import CONTENT_SECURITY_POLICY, render
from devhost.pages.tools.app_actions import json_object
from devhost.site.current import current_site

CAMEL = {"retry_after": "retryAfter"}
SNAKE = {camel: snake for snake, camel in CAMEL.items()}
# The settings that a form sends as text. Empty means None where None is allowed.
NUMBERS = frozenset({"times", "seconds", "status", "retry_after"})
OPTIONAL = frozenset({"times", "retry_after"})

blueprint = Blueprint("faults", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/faults")
def show_faults(error: str = "") -> str:
    """Show every fault with its switch."""
    on = current_site().get(Faults).on()
    shown = [(kind, on.get(name), _settings(kind)) for name, kind in KINDS.items()]
    return render("faults.html", faults=shown, error=error)


@blueprint.post("/faults/<name>")
def switch_from_form(name: str) -> AnyResponse | tuple[str, int]:
    """Switch a fault on or off from a button."""
    faults = current_site().get(Faults)
    if "off" in request.form:
        faults.switch_off(name)
        return redirect("/devhost/faults", 303)
    try:
        faults.switch_on(name, **_from_form())
    except FaultError as error:
        return show_faults(f"{name}: {error}"), 400
    return redirect("/devhost/faults", 303)


@blueprint.get("/api/faults")
def list_faults() -> dict[str, Any]:
    """Return every fault; ``settings`` is null for a fault that is off."""
    on = current_site().get(Faults).on()
    return {"faults": [_as_json(name, on.get(name)) for name in KINDS]}


@blueprint.put("/api/faults/<name>")
def switch_on(name: str) -> tuple[dict[str, Any], int]:
    """Switch a fault on, with the settings in the body."""
    settings = {SNAKE.get(key, key): value for key, value in json_object().items()}
    try:
        current_site().get(Faults).switch_on(name, **settings)
    except (FaultError, TypeError) as error:
        return {"error": str(error)}, 404 if name not in KINDS else 400
    return _as_json(name, current_site().get(Faults).on().get(name)), 200


@blueprint.delete("/api/faults/<name>")
def switch_off(name: str) -> tuple[str | dict[str, str], int]:
    """Switch a fault off."""
    if name not in KINDS:
        return {"error": f"no fault {name}: write one of {', '.join(KINDS)}"}, 404
    current_site().get(Faults).switch_off(name)
    return "", 204


@blueprint.delete("/api/faults")
def switch_all_off() -> tuple[str, int]:
    """Switch every fault off."""
    current_site().get(Faults).switch_off()
    return "", 204


def _as_json(name: str, fault: Fault | None) -> dict[str, Any]:
    settings = None
    if fault is not None:
        settings = {CAMEL.get(key, key): value for key, value in asdict(fault).items()}
    return {"name": name, "title": KINDS[name].title, "settings": settings}


def _settings(kind: type[Fault]) -> dict[str, Any]:
    return {
        each.name: each.default for each in fields(kind) if each.default is not MISSING
    }


def _from_form() -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, text in request.form.items():
        text = text.strip()
        if name in OPTIONAL and not text:
            settings[name] = None
        elif name in NUMBERS:
            settings[name] = _number(name, text)
        elif name != "on":
            settings[name] = text
    return settings


def _number(name: str, text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise FaultError(f"{name}: write a number") from error
