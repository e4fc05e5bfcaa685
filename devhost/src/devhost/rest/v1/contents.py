"""Contents of version 1: ``/rest/api/content``."""

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
    segment,
    text,
    values,
)
from devhost.rest.v1 import custom_content, representation
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import content_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.contents import STATUSES
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import InvalidError
from devhost.wiki.queries import Query
from devhost.wiki.records import CUSTOM, Content, Space

TYPES = ("page", "blogpost")
DEFAULT_EXPANSION = "space,history,version"


def add_routes(blueprint: Blueprint) -> None:
    """Add the content resources."""
    for operation, view in (
        ("GET /rest/api/content", list_contents),
        ("POST /rest/api/content", create_content),
        ("GET /rest/api/content/{id}", get_content),
        ("PUT /rest/api/content/{id}", update_content),
        ("DELETE /rest/api/content/{id}", delete_content),
        ("PUT /rest/api/content/{pageId}/move/{position}/{targetId}", move_page),
    ):
        add_operation(blueprint, operation, view)


def found(identifier: str, *, every_status: bool = False) -> Content:
    """Return the content that a path names; current, unless another status is given.

    :raises NotFoundError: if the caller can see no such content.
    """
    statuses = STATUSES if every_status else _statuses(("current",))
    return wiki.contents.get(viewer, segment(identifier), statuses)


def _statuses(default: tuple[str, ...]) -> tuple[str, ...]:
    asked = values("status")
    if not asked:
        return default
    if "any" in asked:
        return STATUSES
    for name in asked:
        if name not in STATUSES:
            raise not_here(f"status={name}")
    return tuple(asked)


def list_contents() -> Response:
    """Return the contents of a type, in a space, with a title."""
    for name in ("orderby", "postingDay", "trigger"):
        if name in request.args:
            raise not_here(f"The parameter {name} of GET /rest/api/content")
    kind = request.args.get("type", "page")
    if kind not in TYPES and not custom_content.is_custom(kind):
        raise not_here(f"type={kind} of GET /rest/api/content")
    query = wiki.contents.all((kind,), statuses=_statuses(("current",)))
    for key in values("spaceKey"):
        in_space(query, wiki.spaces.get(viewer, key))
    title = request.args.get("title")
    if title is not None:
        query.where("content.title = ?", title)
    expansion = Expansion.of_request()
    return jsonify(
        content_list(query, lambda each: representation.content(each, expansion))
    )


def in_space(query: Query, space: Space) -> Query:
    """Keep only what is in one space."""
    return query.where("content.space_id = ?", int(space.id))


def get_content(id: str) -> Response:
    """Return one content, in the current or in a past version."""
    shown = found(id)
    number = integer("version", 0)
    if number and number != shown.version:
        shown = past(shown, number)
    expansion = Expansion.of_request(DEFAULT_EXPANSION)
    return jsonify(representation.single(shown, expansion))


def storage_body(body: JSON) -> str | None:
    """Return the storage format of ``body``, None if it is missing.

    :raises RestError: 501 if it is in another representation.
    """
    bodies = member(body, "body")
    if bodies is None:
        return None
    if not isinstance(bodies, dict):
        raise RestError(400, "body must be an object")
    for name, given in bodies.items():
        said = member(given, "representation") or name
        if name != "storage" or said != "storage":
            raise not_here(f"Writing body.{name} ({said})")
    return text(body, "body.storage.value")


def create_content() -> Response:
    """Create a page, a blog post, a comment or a content of an app's type."""
    body = json_object()
    kind = required_text(body, "type")
    if custom_content.is_custom(kind):
        created = custom_content.create(body)
    else:
        created = wiki.editor.create(viewer, _new_content(kind, body))
    expansion = Expansion.of_request(representation.CREATED)
    return jsonify(representation.single(created, expansion))


def _new_content(kind: str, body: JSON) -> NewContent:
    if kind == "comment":
        return _new_comment(body)
    if kind in TYPES:
        space = wiki.spaces.get(viewer, required_text(body, "space.key"))
        return NewContent(
            kind,
            space,
            required_text(body, "title"),
            storage_body(body) or "",
            status=text(body, "status") or "current",
            parent=_parent(body) if kind == "page" else None,
        )
    raise not_here(f"Creating content of type {kind}")


def _parent(body: JSON) -> Content | None:
    ancestors = member(body, "ancestors")
    if not ancestors:
        return None
    if not isinstance(ancestors, list) or not isinstance(ancestors[-1], dict):
        raise RestError(400, "ancestors must be a list of objects with an id")
    # The last ancestor is the parent.
    return wiki.contents.get(viewer, required_text(ancestors[-1], "id"))


def _new_comment(body: JSON) -> NewContent:
    container = wiki.contents.get(viewer, required_text(body, "container.id"))
    if container.kind not in {*TYPES, "attachment", CUSTOM}:
        raise InvalidError("A comment belongs to a page, a blog post or an attachment")
    wiki.custom.check_child(container, "comment")
    parent = _parent(body)
    if parent is not None and parent.container_id != container.id:
        raise InvalidError("The parent comment is of another content")
    location = text(body, "extensions.location") or "footer"
    if location != "footer":
        raise not_here(f"Creating a comment with location {location}")
    return NewContent(
        "comment",
        container.space,
        f"Re: {container.title}",
        storage_body(body) or "",
        parent=parent,
        container=container,
        details={"location": location},
    )


def update_content(id: str) -> Response:
    """Create a new version of a content, or restore it from the trash."""
    content = found(id, every_status=True)
    body = json_object()
    kind = text(body, "type")
    if kind not in {None, content.type}:
        raise InvalidError(f"The content is of type {content.type}, not {kind}")
    if content.type == "attachment":
        raise not_here("PUT /rest/api/content/{id} of an attachment")
    if content.is_custom:
        updated = custom_content.update(content, body)
    else:
        updated = wiki.editor.update(viewer, content, _edit_of(content, body))
    expansion = Expansion.of_request(representation.CREATED)
    return jsonify(representation.single(updated, expansion))


def _edit_of(content: Content, body: JSON) -> Edit:
    return Edit(
        required_number(body, "version.number"),
        title=text(body, "title") if content.type in TYPES else None,
        body=storage_body(body),
        status=text(body, "status"),
        parent=_parent(body) if content.type == "page" else None,
        message=text(body, "version.message") or "",
    )


def delete_content(id: str) -> tuple[str, int]:
    """Move a content to the trash; with ``status=trashed``, delete it from there."""
    content = found(id)
    delete(content, purge=content.status != "current" or boolean("purge"))
    return "", 204


def delete(content: Content, *, purge: bool) -> None:
    """Delete a content as Confluence does; comments skip the trash."""
    if content.type == "comment" or purge:
        wiki.editor.remove(viewer, content)
    else:
        wiki.editor.trash(viewer, content)


def move_page(pageId: str, position: str, targetId: str) -> dict[str, Any]:
    """Move a page before, after or below another."""
    page, target = found(pageId), found(targetId)
    if page.type != "page" or target.type != "page":
        raise InvalidError("Only pages can be moved")
    moved = wiki.editor.move(viewer, page, segment(position), target)
    return {"pageId": moved.id}
