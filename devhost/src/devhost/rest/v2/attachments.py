"""Attachments in version 2, which has no upload."""

from flask import Blueprint, Response, jsonify, request

from devhost.rest.operations import add_operation
from devhost.rest.reading import boolean
from devhost.rest.v2 import lists, representation
from devhost.rest.viewer import viewer, wiki

ROOT = "/api/v2/attachments"


def add_routes(blueprint: Blueprint) -> None:
    """Add the attachment resources."""
    for operation, view in (
        (f"GET {ROOT}", list_attachments),
        (f"GET {ROOT}/{{id}}", get_attachment),
        (f"DELETE {ROOT}/{{id}}", delete_attachment),
        ("GET /api/v2/labels/{id}/attachments", list_labelled),
    ):
        add_operation(blueprint, operation, view)


def list_attachments() -> Response:
    """Return every attachment, filtered by file name or media type if given."""
    query = lists.ordered(("attachment",))
    if "filename" in request.args:
        query.where("content.title = ?", request.args["filename"])
    if "mediaType" in request.args:
        condition = "json_extract(content.details, '$.mediaType') = ?"
        query.where(condition, request.args["mediaType"])
    return lists.answer(query)


def list_labelled(id: str) -> Response:
    """Return the attachments that have a label."""
    label = wiki.labels.get(id)
    query = lists.ordered(("attachment",)).where(
        "content.id IN (SELECT content_id FROM content_label WHERE label_id = ?)",
        int(label.id),
    )
    return lists.answer(query)


def get_attachment(id: str) -> Response:
    """Return one attachment."""
    found = lists.found(id, "attachment", statuses=lists.statuses())
    return jsonify(representation.single(found))


def delete_attachment(id: str) -> tuple[str, int]:
    """Move an attachment to the trash; with ``purge``, delete it from there."""
    if boolean("purge"):
        trashed = lists.found(id, "attachment", statuses=("trashed",))
        wiki.editor.remove(viewer, trashed)
    else:
        wiki.editor.trash(viewer, lists.found(id, "attachment"))
    return "", 204
