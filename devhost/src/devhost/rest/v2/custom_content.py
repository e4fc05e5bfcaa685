"""Contents of apps' own types in version 2.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-custom-content/
"""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.past_versions import past
from devhost.rest.reading import (
    JSON,
    boolean,
    integer,
    json_object,
    member,
    not_here,
    required_number,
    required_text,
    text,
)
from devhost.rest.v2 import lists, representation
from devhost.rest.v2.paging import content_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.contents import STATUSES
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import InvalidError
from devhost.wiki.queries import Query
from devhost.wiki.records import CUSTOM, RAW, Content

ROOT = "/api/v2/custom-content"
ONE = f"{ROOT}/{{id}}"
# The containers besides a space: the name in a body, and the kind.
CONTAINERS = {"pageId": "page", "blogPostId": "blogpost", "customContentId": CUSTOM}
WRITTEN = frozenset({"storage", RAW})


def add_routes(blueprint: Blueprint) -> None:
    """Add the resources of custom content."""
    for operation, view in (
        (f"GET {ROOT}", list_contents),
        (f"POST {ROOT}", create_content),
        (f"GET {ONE}", get_content),
        (f"PUT {ONE}", update_content),
        (f"DELETE {ONE}", delete_content),
        (f"GET {ONE}/children", list_children),
        ("GET /api/v2/spaces/{id}/custom-content", list_in_space),
    ):
        add_operation(blueprint, operation, view)
    for place, kind in (("pages", "page"), ("blogposts", "blogpost")):
        operation = f"GET /api/v2/{place}/{{id}}/custom-content"
        add_operation(blueprint, operation, partial(list_in_content, kind))


def _of_type() -> Query:
    key = request.args.get("type")
    if not key:
        raise RestError(400, "type is required")
    return lists.ordered((wiki.custom.type_of(key).key,))


def list_contents() -> Response:
    """Return the contents of a type."""
    return lists.answer(lists.filtered(_of_type()))


def list_in_space(id: str) -> Response:
    """Return the contents of a type in a space, whatever their container."""
    space = wiki.spaces.get_by_id(viewer, id)
    query = _of_type().where("content.space_id = ?", int(space.id))
    return lists.answer(query)


def list_in_content(kind: str, id: str) -> Response:
    """Return the contents of a type in a page or a blog post."""
    container = lists.found(id, kind)
    query = _of_type().where("content.container_id = ?", container.number)
    return lists.answer(query)


def list_children(id: str) -> Response:
    """Return the contents of any app's type inside another one."""
    container = lists.found(id, CUSTOM)
    query = lists.ordered(tuple(wiki.custom.types()))
    query.where("content.container_id = ?", container.number)
    return content_list(query, _child)


def _child(found: Content) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        "type": found.type,
        "spaceId": found.space.id,
    }


def get_content(id: str) -> Response:
    """Return one content, in the current or in a past version."""
    shown = lists.found(id, CUSTOM, statuses=lists.statuses())
    number = integer("version", 0)
    if number and number != shown.version:
        shown = past(shown, number)
    return jsonify(representation.single(shown))


def _body(body: JSON) -> tuple[str, str] | None:
    """Return the representation and the value of ``body``, None if it is missing.

    It is ``{"representation", "value"}``, or the same below ``raw`` or ``storage``.
    """
    given = member(body, "body")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RestError(400, "body must be an object")
    if "representation" not in given and len(given) == 1:
        (given,) = given.values()
    said = member(given, "representation")
    if not isinstance(said, str):
        raise RestError(400, "body.representation is required")
    if said not in WRITTEN:
        raise not_here(f"Writing a body in the representation {said}")
    return said, required_text(given, "value")


def create_content() -> tuple[Response, int]:
    """Create a content in a space, a page, a blog post or another custom content."""
    body = json_object()
    kind, title = required_text(body, "type"), required_text(body, "title")
    container = _container(body)
    if container is None:
        space = wiki.spaces.get_by_id(viewer, required_text(body, "spaceId"))
    else:
        space = container.space
    said, value = _body(body) or ("storage", "")
    status = text(body, "status") or "current"
    new = NewContent(kind, space, title, value, status, container=container)
    created = wiki.custom.create(viewer, new, representation=said)
    return jsonify(representation.single(created)), 201


def _container(body: JSON) -> Content | None:
    named = {name: text(body, name) for name in CONTAINERS}
    given = {name: id for name, id in named.items() if id is not None}
    if len(given) > 1:
        raise InvalidError(f"Only one of {', '.join(given)} may be given")
    for name, identifier in given.items():
        return lists.found(identifier, CONTAINERS[name])
    return None


def update_content(id: str) -> Response:
    """Create a new version of a content, or restore it from the trash."""
    content = lists.found(id, CUSTOM, statuses=STATUSES)
    body = json_object()
    for name, own in (("id", content.id), ("type", content.type)):
        if text(body, name) not in {None, own}:
            raise InvalidError(f"The {name} of the body is not that of the content")
    _refuse_move(content, body)
    given = _body(body)
    edit = Edit(
        required_number(body, "version.number"),
        title=required_text(body, "title"),
        body=given and given[1],
        status=required_text(body, "status"),
        message=text(body, "version.message") or "",
    )
    said = given[0] if given else ""
    updated = wiki.custom.update(viewer, content, edit, representation=said)
    return jsonify(representation.single(updated))


def _refuse_move(content: Content, body: JSON) -> None:
    moves = text(body, "spaceId") not in {None, content.space.id}
    for name in CONTAINERS:
        moves |= text(body, name) not in {None, content.container_id}
    if moves:
        raise not_here("Moving a content of an app's type to another container")


def delete_content(id: str) -> tuple[str, int]:
    """Move a content to the trash; with ``purge``, delete it from there.

    Assumed: every type has a trash, whatever its ``apiSupport``.
    """
    if boolean("purge"):
        trashed = lists.found(id, CUSTOM, statuses=("trashed",))
        wiki.editor.remove(viewer, trashed)
    else:
        wiki.editor.trash(viewer, lists.found(id, CUSTOM))
    return "", 204
