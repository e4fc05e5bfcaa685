"""Paging in version 1: ``start``, ``limit`` and ``_links.next``."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from devhost.rest.reading import integer
from devhost.rest.viewer import viewer, wiki
from devhost.site import CONTEXT_PATH
from devhost.site.current import current_site, current_target
from devhost.wiki.queries import Query
from devhost.wiki.records import Content

DEFAULT_LIMIT = 25
# Assumed: a larger limit is capped, not refused, as version 1 has always done.
MAX_LIMIT = 250

Item = TypeVar("Item")


def start_and_limit(default: int = DEFAULT_LIMIT) -> tuple[int, int]:
    """Return the requested ``start`` and ``limit``."""
    return integer("start", 0), min(integer("limit", default), MAX_LIMIT)


def content_list(
    query: Query, show: Callable[[Content], Any], *, default: int = DEFAULT_LIMIT
) -> dict[str, Any]:
    """Return the requested part of the contents of *query*."""
    start, limit = start_and_limit(default)
    # One more than requested shows whether there is a next part.
    found = wiki.contents.fetch(viewer, query, limit=limit + 1, start=start)
    return part([show(each) for each in found[:limit]], len(found) > limit)


def whole_list(
    items: Sequence[Item], show: Callable[[Item], Any], *, default: int = 25
) -> dict[str, Any]:
    """Return the requested part of *items*."""
    start, limit = start_and_limit(default)
    shown = [show(each) for each in items[start : start + limit]]
    return part(shown, len(items) > start + limit, default=default)


def part(results: list[Any], has_more: bool, *, default: int = 25) -> dict[str, Any]:
    """Return a part of a list with its links."""
    start, limit = start_and_limit(default)
    path = current_target().partition("?")[0].removeprefix(CONTEXT_PATH)
    links = {"base": current_site().base_url, "context": CONTEXT_PATH}
    links["self"] = f"{current_site().origin}{current_target()}"
    if has_more and limit:
        others = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in {"start", "limit"}
        ]
        following = [*others, ("limit", limit), ("start", start + limit)]
        links["next"] = f"{path}?{urlencode(following)}"
    return {
        "results": results,
        "start": start,
        "limit": limit,
        "size": len(results),
        "_links": links,
    }
