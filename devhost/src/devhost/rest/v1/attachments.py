"""Attachments in version 1: upload, new versions, download.

Version 2 has no upload, so apps of both versions use this one.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.v1 import representation
from devhost.rest.v1.contents import found
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import part
from devhost.rest.viewer import viewer, wiki
from devhost.site.current import current_site
from devhost.wiki.attachments import File
from devhost.wiki.errors import NotFoundError
from devhost.wiki.reading import file_address
from devhost.wiki.records import Content

ROOT = "/rest/api/content/{id}/child/attachment"
ONE = f"{ROOT}/{{attachmentId}}"
# Our own limit; Confluence lets its administrator choose.
MAX_UPLOAD_BYTES = 25_000_000
NO_CHECK = frozenset({"no-check", "nocheck"})


def add_routes(blueprint: Blueprint) -> None:
    """Add the attachment resources."""
    for operation, view in (
        (f"POST {ROOT}", create_attachments),
        (f"PUT {ROOT}", create_or_update_attachments),
        (f"POST {ONE}/data", update_data),
        (f"GET {ONE}/download", download),
    ):
        add_operation(blueprint, operation, view)


def create_attachments(id: str) -> Response:
    """Attach every part named ``file`` of a form."""
    page = _container(id)
    added = [wiki.attachments.add(viewer, page, file) for file in _files()]
    return _answer(added)


def create_or_update_attachments(id: str) -> Response:
    """Attach files; a file whose name already exists becomes a new version."""
    page = _container(id)
    stored = []
    for file in _files():
        old = wiki.attachments.find(viewer, page, file.name)
        if old is None:
            stored.append(wiki.attachments.add(viewer, page, file))
        else:
            stored.append(wiki.attachments.replace(viewer, old, file))
    return _answer(stored)


def _container(id: str) -> Content:
    container = found(id)
    wiki.custom.check_child(container, "attachment")
    return container


def update_data(id: str, attachmentId: str) -> Response:
    """Store a file as the next version of an attachment."""
    attachment = _attachment(id, attachmentId)
    updated = wiki.attachments.replace(viewer, attachment, _files()[0])
    return jsonify(representation.single(updated, Expansion.of_request("version")))


def download(id: str, attachmentId: str) -> AnyResponse:
    """Redirect to the file."""
    attachment = _attachment(id, attachmentId)
    return redirect(current_site().origin + file_address(attachment))


def _attachment(page_id: str, attachment_id: str) -> Content:
    page, attachment = found(page_id), found(attachment_id)
    if attachment.container_id != page.id or attachment.type != "attachment":
        raise NotFoundError(f"No attachment found with id: {attachment_id}")
    return attachment


def _files() -> list[File]:
    # https://confluence.atlassian.com/doc/cross-site-request-forgery-xsrf-protection
    if request.headers.get("X-Atlassian-Token", "").lower() not in NO_CHECK:
        raise RestError(403, "XSRF check failed")
    request.max_content_length = MAX_UPLOAD_BYTES
    parts = request.files.getlist("file")
    if not parts:
        raise RestError(400, "The form has no part with the name file")
    comments = request.form.getlist("comment")
    return [_file(each, comments[n : n + 1]) for n, each in enumerate(parts)]


def _file(given: FileStorage, comment: list[str]) -> File:
    # The client's type counts, unless it gives none.
    kind = given.mimetype
    said = "" if kind == "application/octet-stream" else kind
    name = (given.filename or "").encode("utf-8", "replace").decode("utf-8", "replace")
    return File(name, given.read(), said, "".join(comment))


def _answer(stored: list[Content]) -> Response:
    expansion = Expansion.of_request("version,container")
    shown: list[Any] = [representation.content(each, expansion) for each in stored]
    return jsonify(part(shown, False))
