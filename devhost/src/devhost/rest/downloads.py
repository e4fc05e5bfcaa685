"""Attachment downloads: ``/wiki/download/attachments/{id}/{fileName}``.

An app downloads with its token, as with REST; a browser downloads as the current user
of the site. A file is never shown as a page of this origin: it could read the session.
"""

from typing import Any

from flask import Blueprint, Response, request

from devhost.rest.caller import authenticate
from devhost.rest.errors import (
    RestError,
    answer_error,
    answer_wiki_error,
)
from devhost.rest.operation_checks import check_operation
from devhost.rest.operations import add_operation
from devhost.rest.reading import integer, segment
from devhost.rest.viewer import current_viewer
from devhost.site.current import current_site
from devhost.site.origin_check import SESSION_HEADER
from devhost.webhooks import Webhooks
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer
from devhost.wiki.errors import NotFoundError, WikiError

PATH = "/download/attachments/{id}/{fileName}"
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def create_blueprint() -> Blueprint:
    """Return the blueprint of the downloads."""
    blueprint = Blueprint("downloads", __name__, url_prefix="/wiki")
    blueprint.register_error_handler(RestError, answer_error)
    blueprint.register_error_handler(WikiError, answer_wiki_error)
    add_operation(blueprint, f"GET {PATH}", download)
    return blueprint


def _viewer() -> Viewer:
    if "Authorization" in request.headers or SESSION_HEADER in request.headers:
        authenticate()
        check_operation()
        return current_viewer()
    site = current_site()
    return site.get(Wiki).viewer(site.user)


def download(id: str, fileName: str) -> Response:
    """Return the file of an attachment, in the requested version."""
    wiki, seen_by = current_site().get(Wiki), _viewer()
    page = wiki.contents.get(seen_by, segment(id))
    attachment = wiki.attachments.find(seen_by, page, segment(fileName))
    if attachment is None:
        raise NotFoundError(f"No attachment found with name: {fileName}")
    current_site().get(Webhooks).viewed(attachment, seen_by.account_id, page)
    version = integer("version", attachment.version)
    details: dict[str, Any] = attachment.details
    if version != attachment.version:
        details = wiki.contents.get_version(attachment, version).details
    return _file(wiki.attachments.data(attachment, version), details, attachment.title)


def _file(data: bytes, details: dict[str, Any], name: str) -> Response:
    media_type = str(details["mediaType"])
    response = Response(data, mimetype=media_type)
    way = "inline" if media_type in SHOWN_TYPES else "attachment"
    response.headers.set("Content-Disposition", way, filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
