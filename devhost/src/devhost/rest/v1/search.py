"""Search by CQL in version 1."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.modules.content_properties import property_fields
from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.reading import not_here
from devhost.rest.v1 import representation
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import content_list
from devhost.rest.viewer import viewer, wiki
from devhost.site import CONTEXT_PATH
from devhost.site.current import current_site
from devhost.wiki import cql
from devhost.wiki.queries import Query
from devhost.wiki.reading import address
from devhost.wiki.records import Content, iso_time
from devhost.wiki.search import query_of
from devhost.wiki.storage_format import readable_text

EXCERPT_LENGTH = 300


def add_routes(blueprint: Blueprint) -> None:
    """Add the search resources."""
    add_operation(blueprint, "GET /rest/api/content/search", search_contents)
    add_operation(blueprint, "GET /rest/api/search", search)


def _query() -> Query:
    text = request.args.get("cql")
    if not text:
        raise RestError(400, "cql is required")
    if "cursor" in request.args:
        raise not_here("Paging a search by cursor; page it by start and limit: it")
    if "cqlcontext" in request.args:
        raise not_here("The parameter cqlcontext")
    try:
        parsed = cql.parse(text, property_fields(current_site()))
        return query_of(parsed, wiki.custom.types())
    except cql.CqlNotHereError as error:
        raise not_here(str(error)) from error
    except cql.CqlError as error:
        raise RestError(400, str(error)) from error


def search_contents() -> Response:
    """Return the contents that a query finds."""
    query, expansion = _query(), Expansion.of_request()
    shown = content_list(query, lambda each: representation.content(each, expansion))
    return jsonify({**shown, "totalSize": wiki.contents.count(viewer, query)})


def search() -> Response:
    """Return what a query finds, each result with an excerpt."""
    query = _query()
    expansion = Expansion.of_request().below("content")
    shown = content_list(query, lambda each: _result(each, expansion))
    total = wiki.contents.count(viewer, query)
    return jsonify({**shown, "totalSize": total, "cqlQuery": request.args["cql"]})


def _result(found: Content, expansion: Expansion) -> dict[str, Any]:
    shown = representation.content(found, expansion)
    return {
        "content": shown,
        "title": found.title,
        "excerpt": readable_text(found)[:EXCERPT_LENGTH],
        "url": shown["_links"]["webui"],
        "resultGlobalContainer": {
            "title": found.space.name,
            "displayUrl": f"/spaces/{found.space.key}",
        },
        "breadcrumbs": [
            {"label": each.title, "url": address(each).removeprefix(CONTEXT_PATH)}
            for each in wiki.contents.ancestors(found)
            if found.type == "page"
        ],
        "entityType": "content",
        "lastModified": iso_time(found.modified_at),
        "_links": {"base": current_site().base_url},
    }
