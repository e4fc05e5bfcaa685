"""JSON in version 2: https://developer.atlassian.com/cloud/confluence/rest/v2/"""

from typing import Any

from flask import request

from devhost.rest.body_views import view
from devhost.rest.permitted_operations import content_operations, space_operations
from devhost.rest.reading import boolean, not_here
from devhost.rest.viewer import current_viewer, viewer, wiki
from devhost.site import CONTEXT_PATH
from devhost.site.current import current_site
from devhost.wiki.reading import address, file_address
from devhost.wiki.records import (
    CUSTOM,
    RAW,
    Content,
    Label,
    Property,
    Space,
    Version,
    iso_time,
)

VIEWS = frozenset({"view", "export_view", "styled_view", "anonymous_export_view"})
COMMENTED = {
    "page": "pageId",
    "blogpost": "blogPostId",
    "attachment": "attachmentId",
    CUSTOM: "customContentId",
}
INCLUDED = 50


def content(found: Content) -> dict[str, Any]:
    """Return a page, blog post, comment, attachment or content of an app's type."""
    return _SHOWN[found.kind](found)


def single(found: Content) -> dict[str, Any]:
    """Return a content that is the whole response, with the included parts."""
    shown = content(found)
    shown["_links"]["base"] = current_site().base_url
    includes: dict[str, Any] = {
        "labels": lambda: [label(each) for each in wiki.labels.of(found)],
        "properties": lambda: [
            property_of(each) for each in wiki.properties.all(found)
        ],
        "operations": lambda: content_operations(viewer, found),
        "versions": lambda: [version(each) for each in wiki.contents.versions(found)],
    }
    for name, items in includes.items():
        if boolean(f"include-{name}"):
            shown[name] = _included(items())
    for name in request.args:
        if name.startswith("include-") and name != "include-version":
            if name.removeprefix("include-") not in includes:
                raise not_here(f"The parameter {name}")
    return shown


def _included(items: list[Any]) -> dict[str, Any]:
    has_more = len(items) > INCLUDED
    return {"results": items[:INCLUDED], "meta": {"hasMore": has_more}, "_links": {}}


def version(found: Version) -> dict[str, Any]:
    """Return a version of a content or a property."""
    return {
        "createdAt": iso_time(found.modified_at),
        "message": found.message,
        "number": found.number,
        "minorEdit": False,
        "authorId": found.editor_id,
    }


def body(found: Content) -> dict[str, Any]:
    """Return the body in the requested ``body-format``; no body by default.

    :raises RestError: 501 for a format that is not in the local host.
    """
    name = request.args.get("body-format", "").lower()
    if not name:
        return {}
    if found.is_custom and (name == RAW) != found.is_raw:
        # Assumed: a raw body has no other format, and other bodies have no raw one.
        return {}
    if name == "storage" or found.is_raw:
        value = found.body
    elif name in VIEWS:
        value = view(found, found.body, name)
    else:
        raise not_here(f"body-format={name}")
    return {name: {"representation": name, "value": value}}


def _links(place: Content) -> dict[str, str]:
    return {"webui": address(place).removeprefix(CONTEXT_PATH)}


def _page(found: Content) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        "spaceId": found.space.id,
        "parentId": found.parent_id,
        "parentType": "page" if found.parent_id else None,
        "position": found.position,
        "authorId": found.author_id,
        "ownerId": found.author_id,
        "lastOwnerId": None,
        "createdAt": iso_time(found.created_at),
        "version": version(found.current_version),
        "body": body(found),
        "_links": _links(found),
    }


def _blog_post(found: Content) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        "spaceId": found.space.id,
        "authorId": found.author_id,
        "createdAt": iso_time(found.created_at),
        "version": version(found.current_version),
        "body": body(found),
        "_links": _links(found),
    }


def _comment(found: Content) -> dict[str, Any]:
    container = _container(found)
    shown: dict[str, Any] = {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        COMMENTED[container.kind]: container.id,
        "version": version(found.current_version),
        "authorId": found.author_id,
        "createdAt": iso_time(found.created_at),
        "body": body(found),
        "_links": _links(container),
    }
    if found.parent_id is not None:
        shown["parentCommentId"] = found.parent_id
    if found.details.get("location") == "inline":
        shown["resolutionStatus"] = found.details["resolutionStatus"]
        shown["properties"] = found.details["properties"]
    return shown


def _attachment(found: Content) -> dict[str, Any]:
    container = _container(found)
    download = file_address(found).removeprefix(CONTEXT_PATH)
    return {
        "id": found.id,
        "status": found.status,
        "title": found.title,
        COMMENTED[container.kind]: container.id,
        "createdAt": iso_time(found.created_at),
        "mediaType": found.details["mediaType"],
        "comment": found.details.get("comment", ""),
        "fileSize": found.details["fileSize"],
        "webuiLink": _links(container)["webui"],
        "downloadLink": download,
        "version": version(found.current_version),
        "_links": {**_links(container), "download": download},
    }


def _custom_content(found: Content) -> dict[str, Any]:
    within = {}
    if found.container_id is not None:
        container = _container(found)
        within = {COMMENTED[container.kind]: container.id}
    return {
        "id": found.id,
        "type": found.type,
        "status": found.status,
        "title": found.title,
        "spaceId": found.space.id,
        **within,
        "authorId": found.author_id,
        "createdAt": iso_time(found.created_at),
        "version": version(found.current_version),
        "body": body(found),
        "_links": _links(found),
    }


def _container(found: Content) -> Content:
    # Whoever can see a comment can see its container: both are in one space.
    container = wiki.contents.container_of(current_viewer(), found)
    return container or found


_SHOWN = {
    "page": _page,
    "blogpost": _blog_post,
    "comment": _comment,
    "attachment": _attachment,
    CUSTOM: _custom_content,
}


def label(found: Label) -> dict[str, str]:
    """Return a label."""
    return {"id": found.id, "name": found.name, "prefix": found.prefix}


def property_of(found: Property) -> dict[str, Any]:
    """Return a property of a content or a space."""
    return {
        "id": found.id,
        "key": found.key,
        "value": found.value,
        "version": version(found.version),
    }


def space(found: Space) -> dict[str, Any]:
    """Return a space; with its description only if a format is requested."""
    name = request.args.get("description-format", "")
    if name not in {"", "plain"}:
        raise not_here(f"description-format={name}")
    plain = {"plain": {"value": found.description, "representation": "plain"}}
    return {
        "id": found.id,
        "key": found.key,
        "name": found.name,
        "type": found.type,
        "status": found.status,
        "authorId": found.author_id,
        "createdAt": iso_time(found.created_at),
        "homepageId": found.homepage_id,
        "description": plain if name else None,
        "_links": {"webui": f"/spaces/{found.key}"},
    }


def base_url() -> str:
    """Return the base URL that links are relative to."""
    return current_site().base_url


def operations(found: Content | Space) -> dict[str, Any]:
    """Return what the caller is allowed to do."""
    if isinstance(found, Space):
        return {"operations": space_operations(viewer, found)}
    return {"operations": content_operations(viewer, found)}
