"""The page of the app access rules in the site's settings, and the same as JSON."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devhost import access_rules
from devhost.access_rules import AccessRule, AccessRuleError, AccessRules
from devhost.pages.chrome import render, site_blueprint
from devhost.pages.placement import Placement
from devhost.pages.tools.app_actions import decoded_key, json_object
from devhost.site.current import current_site
from devhost.site.installations import Installations

PATH = "/wiki/admin/app-access-rules"

blueprint = site_blueprint("access_rules")
api = Blueprint("access_rules_api", __name__, url_prefix="/devhost/api")


@blueprint.get(PATH)
def show_rules(error: str = "") -> str | tuple[str, int]:
    """Show the administrator which apps are blocked where."""
    site = current_site()
    if not site.user.is_administrator:
        message = "Only the administrator may see the app access rules."
        return render("message.html", title="Not permitted", message=message), 403
    return render(
        "access_rules.html",
        Placement(site, ("site", "admin")),
        path=PATH,
        rules=[
            (app, site.get(AccessRules).of(app.app_key))
            for app in site.get(Installations).all()
            if app.state != "uninstalled"
        ],
        every_space=access_rules.every_space(site),
        status=site.get(AccessRules).status,
        statuses=access_rules.STATUSES,
        error=error,
    )


@blueprint.post(PATH)
def change_from_form() -> AnyResponse | str | tuple[str, int]:
    """Replace the rule of an app, or the status, from the form."""
    site, form = current_site(), request.form
    if not site.user.is_administrator:
        return show_rules()
    try:
        if "status" in form:
            status = form["status"]
            site.get(AccessRules).set_status(int(status) if status.isdecimal() else 0)
        else:
            access_rules.replace_rule(
                site,
                form.get("app", ""),
                everywhere=form.get("where") == "everywhere",
                space_keys=form.getlist("space") if form.get("where") == "in" else [],
            )
    except AccessRuleError as error:
        shown = show_rules(str(error))
        return (shown, 400) if isinstance(shown, str) else shown
    return redirect(site.origin + PATH, 303)


# The same as JSON, for scripts and for the tests of apps in other languages.


@api.after_request
def _protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@api.get("/access-rules")
def list_rules() -> dict[str, Any]:
    """Return the rule of every app, and the status of a blocked call."""
    site = current_site()
    apps = site.get(Installations).all()
    rules = site.get(AccessRules)
    shown = [_as_json(rules.of(app.app_key)) for app in apps]
    return {"status": rules.status, "rules": shown}


@api.put("/access-rules")
def set_status() -> dict[str, Any]:
    """Set the ``status`` of blocked calls, 404 or 403."""
    status = json_object().get("status")
    if isinstance(status, bool) or not isinstance(status, int):
        abort(400, 'The body must be a JSON object with a number "status".')
    try:
        current_site().get(AccessRules).set_status(status)
    except AccessRuleError as error:
        abort(400, str(error))
    return list_rules()


@api.get("/access-rules/<app_key>")
def get_rule(app_key: str) -> dict[str, Any]:
    """Return the rule of one app."""
    return _as_json(current_site().get(AccessRules).of(_known_app(app_key)))


@api.put("/access-rules/<app_key>")
def put_rule(app_key: str) -> dict[str, Any]:
    """Block an app ``everywhere`` (true), or in exactly these ``spaces`` (keys)."""
    key, body = _known_app(app_key), json_object()
    everywhere, keys = body.get("everywhere", False), body.get("spaces", [])
    if not isinstance(everywhere, bool) or not _are_texts(keys):
        abort(400, 'Write {"everywhere": true} or {"spaces": ["DS"]}.')
    try:
        rule = access_rules.replace_rule(
            current_site(), key, everywhere=everywhere, space_keys=keys
        )
    except AccessRuleError as error:
        abort(400, str(error))
    return _as_json(rule)


@api.delete("/access-rules/<app_key>")
def delete_rule(app_key: str) -> tuple[str, int]:
    """Give an app access everywhere again."""
    access_rules.allow(current_site(), _known_app(app_key))
    return "", 204


def _are_texts(keys: object) -> bool:
    return isinstance(keys, list) and all(isinstance(each, str) for each in keys)


def _known_app(segment: str) -> str:
    key = decoded_key(segment)
    if current_site().get(Installations).find(key) is None:
        abort(404, "There is no such app.")
    return key


def _as_json(rule: AccessRule) -> dict[str, Any]:
    named = [
        space.key
        for space in access_rules.every_space(current_site())
        if space.id in rule.space_ids
    ]
    return {"appKey": rule.app_key, "everywhere": rule.everywhere, "spaces": named}
