"""JSON of contents, spaces, labels and properties in version 1."""

from functools import partial
from typing import Any
from urllib.parse import quote

from devhost.access_rules import is_blocked
from devhost.rest.body_views import view
from devhost.rest.caller import caller
from devhost.rest.people import person
from devhost.rest.permitted_operations import content_operations, space_operations
from devhost.rest.reading import not_here
from devhost.rest.v1.expansion import Expansion
from devhost.rest.viewer import current_viewer, viewer, wiki
from devhost.site import CONTEXT_PATH
from devhost.site.current import current_site
from devhost.wiki.reading import address, file_address
from devhost.wiki.records import (
    RAW,
    Content,
    Label,
    Property,
    Space,
    Version,
    iso_time,
)

CREATED = "body.storage,container,history,space,version,ancestors"
BODIES = ("storage", "view", "export_view", "styled_view", "anonymous_export_view")
MISSING_BODIES = ("editor", "editor2", "wiki", "atlas_doc_format", "dynamic")
# How many children, labels or properties an expansion shows.
EXPANDED = 25


def content(found: Content, expansion: Expansion) -> dict[str, Any]:
    """Return a page, blog post, comment, attachment or content of an app's type."""
    parts = {
        "space": lambda below: space(found.space, below),
        "version": lambda below: version(found.current_version),
        "history": lambda below: history(found, below),
        "body": lambda below: body(found, below),
        "ancestors": lambda below: _ancestors(found, below),
        "container": lambda below: _container(found, below),
        "operations": lambda below: content_operations(viewer, found),
        "children": lambda below: _children(found, below),
        "metadata": lambda below: _metadata(found, below),
    }
    shown = expansion.fill(parts)
    return {
        "id": found.id,
        "type": found.type,
        "status": found.status,
        "title": found.title,
        "extensions": _extensions(found),
        **shown,
        "_links": content_links(found),
    }


def single(found: Content, expansion: Expansion) -> dict[str, Any]:
    """Return a content that is the whole response."""
    shown = content(found, expansion)
    shown["_links"] |= {
        "context": CONTEXT_PATH,
        "base": current_site().base_url,
        "collection": "/rest/api/content",
    }
    return shown


def content_links(found: Content) -> dict[str, str]:
    """Return a content's links, relative to the site's base URL except for ``self``."""
    place = found
    if found.container_id is not None and not found.is_custom:
        container = wiki.contents.find(current_viewer(), found.container_id)
        place = container or found
    links = {
        "self": f"{current_site().base_url}/rest/api/content/{found.id}",
        "webui": address(place).removeprefix(CONTEXT_PATH),
    }
    if found.type == "attachment":
        links["download"] = file_address(found).removeprefix(CONTEXT_PATH)
    return links


def _extensions(found: Content) -> dict[str, Any]:
    if found.type == "page":
        return {"position": found.position}
    return {} if found.is_custom else dict(found.details)


def version(found: Version) -> dict[str, Any]:
    """Return a version of a content or a property."""
    return {
        "by": person(found.editor_id),
        "when": iso_time(found.modified_at),
        "message": found.message,
        "number": found.number,
        "minorEdit": False,
    }


def history(found: Content, expansion: Expansion) -> dict[str, Any]:
    """Return who created a content, and when."""

    def previous(below: Expansion) -> dict[str, Any] | None:
        versions = wiki.contents.versions(found)
        return version(versions[1]) if len(versions) > 1 else None

    parts = {
        "lastUpdated": lambda below: version(found.current_version),
        "previousVersion": previous,
    }
    return {
        "latest": True,
        "createdBy": person(found.author_id),
        "createdDate": iso_time(found.created_at),
        **expansion.fill(parts),
    }


def body(found: Content, expansion: Expansion) -> dict[str, Any]:
    """Return the requested bodies.

    :raises RestError: 501 for a representation that is not in the local host.
    """
    for name in expansion.names:
        if name in MISSING_BODIES:
            raise not_here(f"body.{name}")
    if found.is_raw:
        raw = {"value": found.body, "representation": RAW, "embeddedContent": []}
        return expansion.fill({RAW: lambda below: raw})
    return expansion.fill({name: partial(_body, found, name) for name in BODIES})


def _body(found: Content, representation: str, below: Expansion) -> dict[str, Any]:
    value = found.body
    if representation != "storage":
        value = view(found, value, representation)
    return {"value": value, "representation": representation, "embeddedContent": []}


def _ancestors(found: Content, expansion: Expansion) -> list[dict[str, Any]]:
    return [content(each, expansion) for each in wiki.contents.ancestors(found)]


def _container(found: Content, expansion: Expansion) -> dict[str, Any]:
    if found.container_id is not None:
        container = wiki.contents.find(viewer, found.container_id)
        if container is not None:
            return content(container, expansion)
    return space(found.space, expansion)


def _children(found: Content, expansion: Expansion) -> dict[str, Any]:
    def children(kind: str, below: Expansion) -> dict[str, Any]:
        query = child_query(found, kind)
        each = wiki.contents.fetch(viewer, query, limit=EXPANDED + 1)
        shown = [content(one, below) for one in each[:EXPANDED]]
        path = f"/rest/api/content/{found.id}/child/{kind}"
        links = {"self": f"{current_site().base_url}{path}"}
        if len(each) > EXPANDED:
            links["next"] = f"{path}?limit={EXPANDED}&start={EXPANDED}"
        return _part(shown, links)

    return expansion.fill(
        {kind: partial(children, kind) for kind in ("page", "comment", "attachment")}
    )


def child_query(found: Content, kind: str) -> Any:
    """Return the query for the children of one type."""
    if kind == "page" or (kind == "comment" and found.type == "comment"):
        return wiki.contents.children(found)
    query = wiki.contents.attached(found, kind)
    # Replies are below the comments they reply to.
    return query.where("content.parent_id IS NULL") if kind == "comment" else query


def _metadata(found: Content, expansion: Expansion) -> dict[str, Any]:
    def labels(below: Expansion) -> dict[str, Any]:
        return _part([label(each) for each in wiki.labels.of(found)[:EXPANDED]], {})

    def properties(below: Expansion) -> dict[str, Any]:
        every = {each.key: each for each in wiki.properties.all(found)}
        shown = {
            key: property_of(found, every[key], Expansion([]))
            for key in below.names
            if key in every
        }
        return {**shown, "_expandable": {key: "" for key in every if key not in shown}}

    shown = expansion.fill({"labels": labels, "properties": properties})
    if found.type == "attachment":
        shown["mediaType"] = found.details.get("mediaType")
        shown["comment"] = found.details.get("comment", "")
    return shown


def _part(results: list[Any], links: dict[str, str]) -> dict[str, Any]:
    return {
        "results": results,
        "start": 0,
        "limit": EXPANDED,
        "size": len(results),
        "_links": links,
    }


def label(found: Label) -> dict[str, str]:
    """Return a label."""
    return {
        "prefix": found.prefix,
        "name": found.name,
        "id": found.id,
        "label": found.name,
    }


def property_of(
    owner: Content | Space, found: Property, expansion: Expansion
) -> dict[str, Any]:
    """Return a content property or a space property."""
    if isinstance(owner, Content):
        root = f"/rest/api/content/{owner.id}"
        parts = {"content": lambda below: content(owner, below)}
    else:
        root = f"/rest/api/space/{owner.key}"
        parts = {"space": lambda below: space(owner, below)}
    link = f"{current_site().base_url}{root}/property/{quote(found.key, safe='')}"
    return {
        "id": found.id,
        "key": found.key,
        "value": found.value,
        "version": version(found.version),
        **expansion.fill(parts),
        "_links": {"self": link},
    }


def space(found: Space, expansion: Expansion) -> dict[str, Any]:
    """Return a space."""

    def homepage(below: Expansion) -> dict[str, Any] | None:
        # The space may be readable by the app where its pages are not.
        if is_blocked(current_site(), caller.app.app_key, found):
            return None
        page = found.homepage_id and wiki.contents.find(viewer, found.homepage_id)
        return content(page, below) if page else None

    plain = {"value": found.description, "representation": "plain"}
    parts = {
        "description": lambda below: below.fill({"plain": lambda deeper: plain}),
        "homepage": homepage,
        "operations": lambda below: space_operations(viewer, found),
        "history": lambda below: {
            "createdBy": person(found.author_id),
            "createdDate": iso_time(found.created_at),
        },
    }
    return {
        "id": int(found.id),
        "key": found.key,
        "name": found.name,
        "type": found.type,
        "status": found.status,
        **expansion.fill(parts),
        "_links": {
            "self": f"{current_site().base_url}/rest/api/space/{found.key}",
            "webui": f"/spaces/{found.key}",
        },
    }
