"""Lists of contents in version 2: the shared filters, sort orders and lookups."""

from flask import Response, request

from devhost.rest.errors import RestError
from devhost.rest.reading import not_here, segment, values
from devhost.rest.v2 import representation
from devhost.rest.v2.paging import content_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.contents import STATUSES
from devhost.wiki.errors import NotFoundError
from devhost.wiki.queries import Query
from devhost.wiki.records import Content, content_number

SORTS = ("id", "title", "created-date", "modified-date")
CURRENT = ("current",)
MAX_IDS = 250


def found(
    identifier: str, type: str, *, statuses: tuple[str, ...] = CURRENT
) -> Content:
    """Return the content of this type that a path names; ``custom`` is any app's type.

    :raises NotFoundError: if the caller can see no such content.
    """
    content = wiki.contents.get(viewer, segment(identifier), statuses)
    if content.kind != type:
        raise NotFoundError(f"No {type} found with id: {content.id}")
    return content


def statuses(default: tuple[str, ...] = CURRENT) -> tuple[str, ...]:
    """Return the requested statuses.

    :raises RestError: 501 for a status that the local host does not have.
    """
    asked = tuple(values("status"))
    for name in asked:
        if name not in STATUSES:
            raise not_here(f"status={name}")
    return asked or default


def ordered(types: tuple[str, ...], *, default: str = "id") -> Query:
    """Return the query for contents in the requested statuses and order."""
    sort = request.args.get("sort", default)
    name = sort.removeprefix("-")
    if name not in SORTS and name != default:
        raise RestError(400, f"Provided sort {sort} is not supported")
    descending = sort.startswith("-")
    asked = statuses()
    return wiki.contents.all(types, statuses=asked, order=name, descending=descending)


def filtered(query: Query) -> Query:
    """Keep only contents with the requested ids, spaces and title."""
    for name, column in (("id", "content.id"), ("space-id", "content.space_id")):
        wanted = values(name)
        if wanted:
            numbers = [content_number(each) for each in wanted]
            if None in numbers or len(numbers) > MAX_IDS:
                raise RestError(400, f"{name} must be a list of at most {MAX_IDS} ids")
            query.among(column, numbers)
    if "title" in request.args:
        query.where("content.title = ?", request.args["title"])
    return query


def answer(query: Query) -> Response:
    """Return the requested part of the contents of *query*."""
    return content_list(query, representation.content)
