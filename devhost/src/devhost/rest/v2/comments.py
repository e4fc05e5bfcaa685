"""Footer and inline comments in version 2."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.reading import (
    JSON,
    json_object,
    member,
    required_number,
    text,
)
from devhost.rest.v2 import lists, representation
from devhost.rest.v2.contents import storage_body
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import InvalidError, NotFoundError
from devhost.wiki.queries import Query
from devhost.wiki.records import CUSTOM, Content

LOCATIONS = {"footer": "footer-comments", "inline": "inline-comments"}
CONTAINERS = {
    "page": "pages",
    "blogpost": "blogposts",
    "attachment": "attachments",
    CUSTOM: "custom-content",
}
# The types that also have inline comments.
ANNOTATED = frozenset({"page", "blogpost"})
LOCATED = "json_extract(content.details, '$.location') = ?"


def add_routes(blueprint: Blueprint) -> None:
    """Add the comment resources."""
    for location, place in LOCATIONS.items():
        root = f"/api/v2/{place}"
        one = f"{root}/{{comment-id}}"
        for operation, view in (
            (f"GET {root}", list_comments),
            (f"POST {root}", create_comment),
            (f"GET {one}", get_comment),
            (f"PUT {one}", update_comment),
            (f"DELETE {one}", delete_comment),
            (f"GET {root}/{{id}}/children", list_replies),
        ):
            add_operation(blueprint, operation, partial(view, location))
        for kind, container in CONTAINERS.items():
            if location == "footer" or kind in ANNOTATED:
                operation = f"GET /api/v2/{container}/{{id}}/{place}"
                view_of = partial(list_of_container, location, kind)
                add_operation(blueprint, operation, view_of)


def _comments(location: str) -> Query:
    return lists.ordered(("comment",)).where(LOCATED, location)


def _found(location: str, identifier: str) -> Content:
    comment = lists.found(identifier, "comment")
    if comment.details.get("location") != location:
        raise NotFoundError(f"No {location} comment found with id: {comment.id}")
    return comment


def list_comments(location: str) -> Response:
    """Return every comment of one kind."""
    return lists.answer(_comments(location))


def list_of_container(location: str, kind: str, id: str) -> Response:
    """Return the comments of a content; replies are below the comments."""
    content = lists.found(id, kind)
    query = _comments(location).where("content.container_id = ?", content.number)
    return lists.answer(query.where("content.parent_id IS NULL"))


def list_replies(location: str, id: str) -> Response:
    """Return the replies to a comment."""
    comment = _found(location, id)
    query = lists.ordered(("comment",))
    return lists.answer(query.where("content.parent_id = ?", comment.number))


def get_comment(location: str, comment_id: str) -> Response:
    """Return one comment."""
    return jsonify(representation.single(_found(location, comment_id)))


def create_comment(location: str) -> tuple[Response, int]:
    """Create a comment on anything that can have comments, or a reply to one."""
    body = json_object()
    parent_id = text(body, "parentCommentId")
    parent = _found(location, parent_id) if parent_id else None
    container = _container_of_reply(parent) if parent else _container(location, body)
    details: dict[str, Any] = {"location": location}
    if location == "inline":
        details |= _inline_details(body, parent)
    new = NewContent(
        "comment",
        container.space,
        f"Re: {container.title}",
        storage_body(body) or "",
        parent=parent,
        container=container,
        details=details,
    )
    created = wiki.editor.create(viewer, new)
    return jsonify(representation.single(created)), 201


def _container_of_reply(parent: Content) -> Content:
    for identifier in (str(parent.container_id), f"att{parent.container_id}"):
        found = wiki.contents.find(viewer, identifier)
        if found is not None:
            return found
    raise NotFoundError(f"No content found with id: {parent.container_id}")


def _container(location: str, body: JSON) -> Content:
    for kind, name in representation.COMMENTED.items():
        identifier = text(body, name)
        if identifier is not None and (location == "footer" or kind in ANNOTATED):
            container = lists.found(identifier, kind)
            wiki.custom.check_child(container, "comment")
            return container
    raise InvalidError("pageId, blogPostId or parentCommentId is required")


def _inline_details(body: JSON, parent: Content | None) -> dict[str, Any]:
    if parent is not None:
        return {
            name: parent.details[name] for name in ("resolutionStatus", "properties")
        }
    selection = member(body, "inlineCommentProperties.textSelection")
    if not isinstance(selection, str) or not selection:
        raise RestError(400, "inlineCommentProperties.textSelection is required")
    properties = {"inlineOriginalSelection": selection}
    return {"resolutionStatus": "open", "properties": properties}


def update_comment(location: str, comment_id: str) -> Response:
    """Create a new version of a comment; resolve or reopen an inline one."""
    comment, body = _found(location, comment_id), json_object()
    details = dict(comment.details)
    if location == "inline" and isinstance(member(body, "resolved"), bool):
        details["resolutionStatus"] = "resolved" if body["resolved"] else "reopened"
    edit = Edit(
        required_number(body, "version.number"),
        body=storage_body(body),
        message=text(body, "version.message") or "",
        details=details,
    )
    updated = wiki.editor.update(viewer, comment, edit)
    return jsonify(representation.single(updated))


def delete_comment(location: str, comment_id: str) -> tuple[str, int]:
    """Delete a comment and its replies for good."""
    wiki.editor.remove(viewer, _found(location, comment_id))
    return "", 204
