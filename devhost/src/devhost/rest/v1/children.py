"""Resources below a content, its versions and its macros, in version 1."""

from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.rest import body_views
from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.past_versions import past
from devhost.rest.reading import json_object, not_here, required_text, segment
from devhost.rest.v1 import representation
from devhost.rest.v1.contents import found
from devhost.rest.v1.custom_content import is_custom
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import content_list, part, start_and_limit, whole_list
from devhost.rest.viewer import wiki
from devhost.wiki.errors import NotFoundError
from devhost.wiki.records import Version
from devhost.wiki.storage_format import Macro, macros

CHILD_TYPES = ("page", "comment", "attachment")
ONE = "/rest/api/content/{id}"


def add_routes(blueprint: Blueprint) -> None:
    """Add the resources below a content."""
    for operation, view in (
        (f"GET {ONE}/child", get_children),
        (f"GET {ONE}/child/{{type}}", list_children),
        (f"GET {ONE}/descendant", get_descendants),
        (f"GET {ONE}/descendant/{{type}}", list_descendants),
        (f"GET {ONE}/history", get_history),
        (f"GET {ONE}/version", list_versions),
        (f"GET {ONE}/version/{{versionNumber}}", get_version),
        (f"GET {ONE}/history/{{version}}/macro/id/{{macroId}}", get_macro),
        (
            f"GET {ONE}/history/{{version}}/macro/id/{{macroId}}/convert/{{to}}",
            convert_macro,
        ),
        ("POST /rest/api/contentbody/convert/{to}", convert_body),
    ):
        add_operation(blueprint, operation, view)


def get_children(id: str) -> dict[str, Any]:
    """Return the children of every expanded type."""
    return _expanded_children(id)


def get_descendants(id: str) -> dict[str, Any]:
    """Return the descendants of every expanded type, except pages."""
    if "page" in Expansion.of_request():
        raise not_here(f"expand=page of GET {ONE}/descendant")
    return _expanded_children(id)


def _expanded_children(id: str) -> dict[str, Any]:
    expansion = Expansion(["children"] + [f"children.{name}" for name in _names()])
    shown: dict[str, Any] = representation.content(found(id), expansion)["children"]
    return shown


def _names() -> list[str]:
    return Expansion.of_request().names


def list_children(id: str, type: str) -> Response:
    """Return the children of one type."""
    content = found(id)
    kind = segment(type)
    if kind not in CHILD_TYPES and not is_custom(kind):
        raise not_here(f"GET {ONE}/child/{kind}")
    expansion = Expansion.of_request()
    query = representation.child_query(content, kind)
    return jsonify(
        content_list(query, lambda each: representation.content(each, expansion))
    )


def list_descendants(id: str, type: str) -> Response:
    """Return the descendants of one type."""
    content = found(id)
    if segment(type) == "comment":
        query = wiki.contents.attached(content, "comment")
        expand = Expansion.of_request()
        return jsonify(
            content_list(query, lambda each: representation.content(each, expand))
        )
    if segment(type) != "page":
        return list_children(id, type)
    start, limit = start_and_limit()
    pages = wiki.contents.descendants(content, limit=limit + 1, start=start)
    expansion = Expansion.of_request()
    shown = [representation.content(each, expansion) for _, each in pages[:limit]]
    return jsonify(part(shown, len(pages) > limit))


def get_history(id: str) -> Response:
    """Return who created a content, and when."""
    return jsonify(representation.history(found(id), Expansion.of_request()))


def list_versions(id: str) -> Response:
    """Return every version, newest first."""
    versions = wiki.contents.versions(found(id))
    return jsonify(whole_list(versions, representation.version, default=200))


def get_version(id: str, versionNumber: str) -> Response:
    """Return one version, with its content if that is expanded."""
    content = found(id)
    version = _version(id, versionNumber)
    shown = representation.version(version)
    expansion = Expansion.of_request()
    then = past(content, version.number)
    parts = {"content": lambda below: representation.content(then, below)}
    return jsonify({**shown, **expansion.fill(parts)})


def _version(id: str, number: str) -> Version:
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise RestError(400, "The version must be a number")
    return wiki.contents.get_version(found(id), int(number))


def get_macro(id: str, version: str, macroId: str) -> dict[str, Any]:
    """Return a macro of a page, as an app with a bodied macro requests it."""
    macro = _macro_of(id, version, macroId)
    parameters = {name: {"value": text} for name, text in macro.parameters.items()}
    return {"name": macro.name, "body": macro.body, "parameters": parameters}


def convert_macro(id: str, version: str, macroId: str, to: str) -> dict[str, str]:
    """Return the body of a macro in another representation."""
    target = segment(to)
    if target not in representation.BODIES:
        raise not_here(f"Converting the body of a macro to {target}")
    value = _macro_of(id, version, macroId).body
    if target != "storage":
        value = body_views.view(found(id), value, target)
    return {"value": value, "representation": target}


def _macro_of(id: str, version: str, macro_id: str) -> Macro:
    content = found(id)
    # 0 is the current version.
    body = content.body if version == "0" else _version(id, version).body
    return _macro(macros(body), segment(macro_id))


def _macro(found: list[Macro], identifier: str) -> Macro:
    for macro in found:
        if macro.id == identifier:
            return macro
    raise NotFoundError(f"No macro found with id: {identifier}")


def convert_body(to: str) -> dict[str, str]:
    """Return storage format in another representation: storage or view."""
    body = json_object()
    source, target = required_text(body, "representation"), segment(to)
    if source != "storage" or target not in representation.BODIES:
        raise not_here(f"Converting {source} to {target}")
    value = required_text(body, "value")
    if target != "storage":
        value = body_views.plain_view(value)
    return {"value": value, "representation": target}
