"""Spaces in version 1: ``/rest/api/space``."""

from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.rest.operations import add_operation
from devhost.rest.reading import (
    JSON,
    json_object,
    not_here,
    required_text,
    segment,
    text,
    values,
)
from devhost.rest.v1 import representation
from devhost.rest.v1.contents import TYPES, in_space
from devhost.rest.v1.custom_content import is_custom
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import content_list, whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.records import Space

ROOT = "/rest/api/space"
ONE = "/rest/api/space/{spaceKey}"


def add_routes(blueprint: Blueprint) -> None:
    """Add the space resources."""
    for operation, view in (
        (f"GET {ROOT}", list_spaces),
        (f"POST {ROOT}", create_space),
        (f"GET {ONE}", get_space),
        (f"PUT {ONE}", update_space),
        (f"GET {ONE}/content", get_contents),
        (f"GET {ONE}/content/{{type}}", list_contents),
        (f"GET {ONE}/label", list_labels),
    ):
        add_operation(blueprint, operation, view)


def _space(key: str) -> Space:
    return wiki.spaces.get(viewer, segment(key))


def list_spaces() -> Response:
    """Return the spaces, filtered by keys, ids, types and status."""
    spaces = wiki.spaces.all(viewer)
    for name, attribute in (
        ("spaceKey", "key"),
        ("spaceId", "id"),
        ("type", "type"),
        ("status", "status"),
    ):
        wanted = values(name)
        if wanted:
            spaces = [each for each in spaces if getattr(each, attribute) in wanted]
    expansion = Expansion.of_request()
    return jsonify(
        whole_list(spaces, lambda each: representation.space(each, expansion))
    )


def create_space() -> Response:
    """Create a space."""
    body = json_object()
    created = wiki.spaces.create(
        viewer,
        key=required_text(body, "key"),
        name=required_text(body, "name"),
        description=_description(body) or "",
    )
    return _answer(created)


def _description(body: JSON) -> str | None:
    return text(body, "description.plain.value")


def get_space(spaceKey: str) -> Response:
    """Return one space."""
    return _answer(_space(spaceKey))


def _answer(space: Space) -> Response:
    return jsonify(representation.space(space, Expansion.of_request()))


def update_space(spaceKey: str) -> Response:
    """Change name, description or home page of a space."""
    space, body = _space(spaceKey), json_object()
    homepage = text(body, "homepage.id")
    if homepage is not None:
        homepage = wiki.contents.get(viewer, homepage).id
    updated = wiki.spaces.update(
        viewer,
        space,
        name=text(body, "name"),
        description=_description(body),
        homepage_id=homepage,
    )
    return _answer(updated)


def get_contents(spaceKey: str) -> dict[str, Any]:
    """Return the pages and the blog posts of a space."""
    return {kind: _contents(_space(spaceKey), kind) for kind in TYPES}


def list_contents(spaceKey: str, type: str) -> Response:
    """Return the contents of one type in a space."""
    kind = segment(type)
    if kind not in TYPES and not is_custom(kind):
        raise not_here(f"GET {ONE}/content/{kind}")
    return jsonify(_contents(_space(spaceKey), kind))


def _contents(space: Space, kind: str) -> dict[str, Any]:
    expansion = Expansion.of_request()
    query = in_space(wiki.contents.all((kind,)), space)
    return content_list(query, lambda each: representation.content(each, expansion))


def list_labels(spaceKey: str) -> Response:
    """Return the labels on the contents of a space.

    Assumed: labels of the space itself are not distinguished; there are none here.
    """
    labels = wiki.labels.in_space(_space(spaceKey))
    return jsonify(whole_list(labels, representation.label))
