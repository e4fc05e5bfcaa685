"""Pages and blog posts in version 2."""

from functools import partial

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
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.contents import STATUSES
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import Content, Space

PLACES = {"page": "pages", "blogpost": "blogposts"}


def add_routes(blueprint: Blueprint) -> None:
    """Add the resources of pages and blog posts."""
    for kind, place in PLACES.items():
        root = f"/api/v2/{place}"
        for operation, view in (
            (f"GET {root}", list_contents),
            (f"POST {root}", create_content),
            (f"GET {root}/{{id}}", get_content),
            (f"PUT {root}/{{id}}", update_content),
            (f"DELETE {root}/{{id}}", delete_content),
            (f"GET /api/v2/spaces/{{id}}/{place}", list_in_space),
            (f"GET /api/v2/labels/{{id}}/{place}", list_labelled),
        ):
            add_operation(blueprint, operation, partial(view, kind))
    add_operation(blueprint, "PUT /api/v2/pages/{id}/title", update_title)


def list_contents(kind: str) -> Response:
    """Return the contents of a type."""
    return lists.answer(lists.filtered(lists.ordered((kind,))))


def list_in_space(kind: str, id: str) -> Response:
    """Return the contents of a type in a space."""
    space = wiki.spaces.get_by_id(viewer, id)
    query = lists.filtered(lists.ordered((kind,)))
    if request.args.get("depth", "all") == "root":
        query.where("content.parent_id IS NULL")
    return lists.answer(query.where("content.space_id = ?", int(space.id)))


def list_labelled(kind: str, id: str) -> Response:
    """Return the contents of a type that have a label."""
    label = wiki.labels.get(id)
    query = lists.filtered(lists.ordered((kind,)))
    query.where(
        "content.id IN (SELECT content_id FROM content_label WHERE label_id = ?)",
        int(label.id),
    )
    return lists.answer(query)


def get_content(kind: str, id: str) -> Response:
    """Return one content, in the current or in a past version.

    Assumed: a content in the trash is returned if ``status`` asks for it.
    """
    statuses = ("draft",) if boolean("get-draft") else lists.statuses()
    shown = lists.found(id, kind, statuses=statuses)
    number = integer("version", 0)
    if number and number != shown.version:
        shown = past(shown, number)
    return jsonify(representation.single(shown))


def storage_body(body: JSON) -> str | None:
    """Return the storage format of ``body``, None if it is missing.

    It is ``{"representation", "value"}``, or the same below ``storage``.

    :raises RestError: 501 if it is in another representation.
    """
    given = member(body, "body")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RestError(400, "body must be an object")
    if "representation" not in given and len(given) == 1:
        (given,) = given.values()
    said = member(given, "representation")
    if said is None:
        raise RestError(400, "body.representation is required")
    if said != "storage":
        raise not_here(f"Writing a body in the representation {said}")
    return required_text(given, "value")


def create_content(kind: str) -> Response:
    """Create a page or a blog post; by default below the home page."""
    body = json_object()
    space = wiki.spaces.get_by_id(viewer, required_text(body, "spaceId"))
    for name in ("private", "embedded"):
        if boolean(name):
            raise not_here(f"The parameter {name}")
    new = NewContent(
        kind,
        space,
        required_text(body, "title"),
        storage_body(body) or "",
        status=text(body, "status") or "current",
        parent=_parent(body, space) if kind == "page" else None,
    )
    return jsonify(representation.single(wiki.editor.create(viewer, new)))


def _parent(body: JSON, space: Space) -> Content | None:
    parent = text(body, "parentId")
    if parent is not None:
        return lists.found(parent, "page")
    if boolean("root-level") or space.homepage_id is None:
        return None
    return wiki.contents.find(viewer, space.homepage_id)


def update_content(kind: str, id: str) -> Response:
    """Create a new version of a content, or restore it from the trash."""
    content = lists.found(id, kind, statuses=STATUSES)
    body = json_object()
    if text(body, "id") not in {None, content.id}:
        raise InvalidError("The id of the body is not that of the path")
    if text(body, "spaceId") not in {None, content.space.id}:
        raise not_here("Moving a content to another space")
    parent = text(body, "parentId") if kind == "page" else None
    edit = Edit(
        required_number(body, "version.number"),
        title=required_text(body, "title"),
        body=storage_body(body),
        status=required_text(body, "status"),
        parent=lists.found(parent, "page") if parent else None,
        message=text(body, "version.message") or "",
    )
    updated = wiki.editor.update(viewer, content, edit)
    return jsonify(representation.single(updated))


def update_title(id: str) -> Response:
    """Change the title of a page, which creates a new version."""
    page = lists.found(id, "page", statuses=("current", "draft"))
    body = json_object()
    number = page.version + (page.status == "current")
    edit = Edit(number, title=required_text(body, "title"))
    return jsonify(representation.single(wiki.editor.update(viewer, page, edit)))


def delete_content(kind: str, id: str) -> tuple[str, int]:
    """Move a content to the trash; ``purge`` and ``draft`` delete it for good."""
    wanted: tuple[str, ...] = ("current",)
    if boolean("purge"):
        wanted = ("trashed",)
    if boolean("draft"):
        wanted = ("draft",)
    content = lists.found(id, kind, statuses=wanted)
    if content.status == "current":
        wiki.editor.trash(viewer, content)
    else:
        wiki.editor.remove(viewer, content)
    return "", 204
