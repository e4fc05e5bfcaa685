"""Resources below a content in version 2: relatives, labels, versions, operations."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.past_versions import past
from devhost.rest.reading import integer
from devhost.rest.v2 import lists, representation
from devhost.rest.v2.paging import content_list, fetched_list, whole_list
from devhost.rest.viewer import wiki
from devhost.wiki.records import CUSTOM, Content

# The name in the path, and whether it has labels.
PLACES = {
    "pages": ("page", True),
    "blogposts": ("blogpost", True),
    "attachments": ("attachment", True),
    "custom-content": (CUSTOM, True),
    "footer-comments": ("comment", False),
    "inline-comments": ("comment", False),
}
VERSION = {
    "pages": "/api/v2/pages/{page-id}/versions/{version-number}",
    "blogposts": "/api/v2/blogposts/{blogpost-id}/versions/{version-number}",
    "attachments": "/api/v2/attachments/{attachment-id}/versions/{version-number}",
    "custom-content": (
        "/api/v2/custom-content/{custom-content-id}/versions/{version-number}"
    ),
}
MAX_DEPTH = 10


def add_routes(blueprint: Blueprint) -> None:
    """Add the resources below contents."""
    for place, (kind, has_labels) in PLACES.items():
        one = f"/api/v2/{place}/{{id}}"
        add_operation(blueprint, f"GET {one}/versions", partial(list_versions, kind))
        add_operation(blueprint, f"GET {one}/operations", partial(operations, kind))
        version = VERSION.get(place, f"{one}/versions/{{version-number}}")
        add_operation(blueprint, f"GET {version}", partial(get_version, kind))
        if has_labels:
            add_operation(blueprint, f"GET {one}/labels", partial(list_labels, kind))
    for place in ("pages", "blogposts", "custom-content"):
        kind, _ = PLACES[place]
        operation = f"GET /api/v2/{place}/{{id}}/attachments"
        add_operation(blueprint, operation, partial(list_attachments, kind))
    page = "GET /api/v2/pages/{id}"
    add_operation(blueprint, f"{page}/children", list_children)
    add_operation(blueprint, f"{page}/direct-children", list_direct_children)
    add_operation(blueprint, f"{page}/ancestors", list_ancestors)
    add_operation(blueprint, f"{page}/descendants", list_descendants)


def list_versions(kind: str, id: str) -> Response:
    """Return every version, newest first."""
    content = lists.found(id, kind)
    return whole_list(
        wiki.contents.versions(content),
        lambda each: {
            **representation.version(each),
            kind: {"id": content.id, "title": each.title},
        },
    )


def get_version(kind: str, version_number: str, **arguments: str) -> Response:
    """Return one version, with the content as it was then."""
    (identifier,) = arguments.values()
    content = lists.found(identifier, kind)
    if not (version_number.isdecimal() and len(version_number) < 10):
        raise RestError(400, "The version must be a number")
    version = wiki.contents.get_version(content, int(version_number))
    then = past(content, version.number)
    shown = {
        **representation.version(version),
        kind: {
            "id": then.id,
            "title": then.title,
            "body": representation.body(then),
        },
    }
    return jsonify(shown)


def operations(kind: str, id: str) -> dict[str, Any]:
    """Return what the caller is allowed to do with a content."""
    return representation.operations(lists.found(id, kind))


def list_labels(kind: str, id: str) -> Response:
    """Return the labels of a content."""
    return whole_list(wiki.labels.of(lists.found(id, kind)), representation.label)


def list_attachments(kind: str, id: str) -> Response:
    """Return the attachments of a content."""
    content = lists.found(id, kind)
    query = lists.ordered(("attachment",))
    query.where("content.container_id = ?", content.number)
    return lists.answer(query)


def _child(found: Content) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        "spaceId": found.space.id,
        "childPosition": found.position,
    }


def list_children(id: str) -> Response:
    """Return the child pages in order."""
    return _children(id, {})


def list_direct_children(id: str) -> Response:
    """Return the child pages in order, each with its type."""
    return _children(id, {"type": "page"})


def _children(id: str, more: dict[str, str]) -> Response:
    page = lists.found(id, "page")
    query = lists.ordered(("page",), default="child-position")
    query.where("content.parent_id = ?", page.number)
    return content_list(query, lambda each: {**_child(each), **more})


def list_ancestors(id: str) -> Response:
    """Return the pages above a page, topmost first."""
    above = wiki.contents.ancestors(lists.found(id, "page"))
    return whole_list(above, lambda each: {"id": each.id, "type": each.type})


def list_descendants(id: str) -> Response:
    """Return the pages below a page, nearest first."""
    depth = integer("depth", MAX_DEPTH, least=1, most=MAX_DEPTH)
    page = lists.found(id, "page")
    return fetched_list(
        lambda start, limit: wiki.contents.descendants(
            page, limit=limit, start=start, depth=depth
        ),
        lambda pair: {
            **_child(pair[1]),
            "type": "page",
            "parentId": pair[1].parent_id,
            "depth": pair[0],
        },
    )
