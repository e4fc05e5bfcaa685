"""Endpoints of the page editor's script: writing macros, and their own editors."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort

from devhost import access_rules
from devhost.modules.iframes import bridge_options, iframe_url
from devhost.modules.macros import storage
from devhost.modules.macros.autoconvert import converted, is_url
from devhost.modules.macros.browser import carried, editor_of
from devhost.modules.macros.definitions import (
    MacroDefinition,
    all_macros,
    macro_named,
)
from devhost.modules.macros.on_page import on_page
from devhost.modules.module import Module
from devhost.modules.places import Place
from devhost.pages.bridge import requested
from devhost.site.current import current_site
from devhost.wiki import reading
from devhost.wiki.errors import InvalidError
from devhost.wiki.storage_format import Macro, macros

blueprint = Blueprint("editor_api", __name__)


@blueprint.post("/devhost/api/editor/macros")
def list_macros() -> dict[str, Any]:
    """Return the macros of a body that is being edited."""
    return {"macros": carried(current_site(), _macros(_text(requested(), "storage")))}


@blueprint.post("/devhost/api/editor/macro")
def write_macro() -> dict[str, str]:
    """Return a macro as storage format; with an ``index``, the body with it."""
    body = requested()
    definition = macro_named(all_macros(current_site()), _text(body, "name"))
    if definition is None:
        abort(404, "No app that is installed and enabled has such a macro.")
    macro = _given(definition, body)
    try:
        if "index" not in body:
            return {"macro": storage.write(macro)}
        before = _text(body, "storage")
        old = _numbered(before, body["index"])
        # A macro keeps its id for as long as it is on the page.
        written = storage.write(replace(macro, id=old.id))
        return {"storage": storage.replace(before, body["index"], written)}
    except InvalidError as error:
        abort(400, str(error))


@blueprint.post("/devhost/api/editor/remove-macro")
def remove_macro() -> dict[str, str]:
    """Return the body without one of its macros."""
    body = requested()
    before = _text(body, "storage")
    _numbered(before, body.get("index"))
    return {"storage": storage.replace(before, body["index"], "")}


@blueprint.post("/devhost/api/editor/convert-url")
def convert_url() -> dict[str, str | None]:
    """Return the macro that replaces a pasted URL, if there is one."""
    url = _text(requested(), "url")
    macro = converted(all_macros(current_site()), url) if is_url(url) else None
    return {"macro": storage.write(macro) if macro else None}


@blueprint.post("/devhost/api/macro-editor")
def macro_editor() -> dict[str, Any]:
    """Return the iframe of an app's own editor for a macro.

    ``macro`` is the macro being edited: ``{name, id, parameters, body}``.
    """
    body = requested()
    site = current_site()
    given = body.get("macro")
    given = given if isinstance(given, dict) else {}
    definition = macro_named(all_macros(site), _text(given, "name"))
    editor = editor_of(definition.module) if definition else None
    if definition is None or editor is None:
        abort(404, "No app that is installed and enabled has an editor for this macro.")
    content = reading.find_content(site, body.get("contentId"))
    space = reading.find_space(site, _text(body, "spaceKey"))
    space = content.space if content else space
    if access_rules.is_blocked(site, definition.module.app.app_key, space):
        abort(403, f"{definition.module.title} is blocked by a policy.")
    place = Place(
        _editor_module(definition, editor),
        content,
        space,
        on_page(replace(_given(definition, given), id=_text(given, "id")), definition),
    )
    options = {**bridge_options(site, place), "macroEditor": {"macro": given}}
    return {"url": iframe_url(site, place), "options": options}


def _editor_module(definition: MacroDefinition, editor: dict[str, Any]) -> Module:
    module = definition.module
    own = {"key": module.key, "name": module.definition.get("name", {}), **editor}
    return replace(module, definition=own)


def _given(definition: MacroDefinition, body: dict[str, Any]) -> Macro:
    parameters = body.get("parameters")
    every = parameters if isinstance(parameters, dict) else {}
    kind = definition.body_type
    return Macro(
        "",
        definition.name,
        {str(name): _value(value) for name, value in every.items()},
        _text(body, "body") if kind != "none" else "",
        kind,
    )


def _value(given: Any) -> str:
    # An app may save values that are not text; write them as JavaScript would.
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list):
        return ",".join(map(_value, given))
    return "" if given is None else str(given)


def _macros(body: str) -> list[Macro]:
    try:
        return macros(body)
    except InvalidError as error:
        abort(400, str(error))


def _numbered(body: str, index: Any) -> Macro:
    found = _macros(body)
    if type(index) is not int or not 0 <= index < len(found):
        abort(400, "There is no such macro any more.")
    return found[index]


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""
