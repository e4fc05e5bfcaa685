"""Switches for conditions: the desk's buttons, and JSON."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost.modules.conditions.switches import ConditionSwitchError, ConditionSwitches
from devhost.pages.tools.app_actions import json_object
from devhost.protocol.raw_target import decode_segment
from devhost.site.current import current_site

MAX_KEY_LENGTH = 255

blueprint = Blueprint("condition_switches", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/conditions")
def switch_from_form() -> AnyResponse:
    """Set a condition or a feature flag from a button of the desk."""
    switches, form = current_site().get(ConditionSwitches), request.form
    on = form.get("holds") == "true"
    if flag := form.get("flag"):
        switches.set_feature_flag(flag[:MAX_KEY_LENGTH], on)
    else:
        _switch(form.get("assumption", ""), on)
    return redirect("/devhost/#conditions", 303)


@blueprint.get("/api/conditions")
def list_switches() -> dict[str, Any]:
    """Return the assumed conditions, and the feature flags set so far."""
    switches = current_site().get(ConditionSwitches)
    return {
        "assumed": switches.assumptions(),
        "featureFlags": switches.feature_flags(),
    }


@blueprint.put("/api/conditions/<name>")
def switch_condition(name: str) -> dict[str, Any]:
    """Assume that a condition ``holds``, true or false."""
    _switch(name, _boolean("holds"))
    return list_switches()


@blueprint.put("/api/feature-flags/<key>")
def switch_feature_flag(key: str) -> dict[str, Any]:
    """Turn a feature flag ``on``, true or false."""
    try:
        key = decode_segment(key)
    except UnicodeDecodeError:
        abort(400, "A feature key is UTF-8.")
    if len(key) > MAX_KEY_LENGTH:
        abort(400, f"A feature key has at most {MAX_KEY_LENGTH} characters.")
    current_site().get(ConditionSwitches).set_feature_flag(key, _boolean("on"))
    return list_switches()


def _switch(name: str, holds: bool) -> None:
    try:
        current_site().get(ConditionSwitches).switch(name, holds)
    except ConditionSwitchError as error:
        abort(404, str(error))


def _boolean(name: str) -> bool:
    value = json_object().get(name)
    if not isinstance(value, bool):
        abort(400, f'The body must be a JSON object with true or false as "{name}".')
    return value
