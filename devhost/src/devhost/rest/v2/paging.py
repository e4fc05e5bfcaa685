"""Paging in version 2: ``limit``, a ``cursor``, ``Link`` and ``_links.next``."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.reading import integer
from devhost.rest.viewer import viewer, wiki
from devhost.site.current import current_site, current_target
from devhost.wiki.queries import Query
from devhost.wiki.records import Content

DEFAULT_LIMIT = 25
MAX_LIMIT = 250
MAX_ID = 2**62

Item = TypeVar("Item")


def content_list(query: Query, show: Callable[[Content], Any]) -> Response:
    """Return the contents of *query* after the cursor."""
    limit = _limit()
    cursor = _cursor(query.order)
    # One more than requested shows whether there is a next part.
    found = wiki.contents.fetch(viewer, query, limit=limit + 1, after=cursor)
    following = None
    if len(found) > limit:
        following = [query.order, *query.position_of(found[limit - 1])]
    return answer([show(each) for each in found[:limit]], following)


def whole_list(items: Sequence[Item], show: Callable[[Item], Any]) -> Response:
    """Return the part of *items* after the cursor."""
    return fetched_list(
        lambda start, limit: list(items[start : start + limit]),
        show,
    )


def fetched_list(
    fetch: Callable[[int, int], list[Item]], show: Callable[[Item], Any]
) -> Response:
    """Return what ``fetch(start, limit)`` finds after the cursor."""
    limit = _limit()
    cursor = _cursor("place")
    start = cursor[1] if cursor else 0
    found = fetch(start, limit + 1)
    has_more = len(found) > limit
    shown = [show(each) for each in found[:limit]]
    return answer(shown, ["place", 0, start + limit] if has_more else None)


def answer(results: list[Any], following: list[Any] | None) -> Response:
    """Return a part of a list; *following* is the payload of the next cursor."""
    links = {"base": current_site().base_url}
    headers = [f'<{links["base"]}>; rel="base"']
    if following is not None:
        links = {"next": _next_path(following), **links}
        headers.insert(0, f'<{links["next"]}>; rel="next"')
    response = jsonify({"results": results, "_links": links})
    response.headers["Link"] = ", ".join(headers)
    return response


def _next_path(following: list[Any]) -> str:
    text = json.dumps(following, separators=(",", ":"), ensure_ascii=False)
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    others = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name != "cursor"
    ]
    path = current_target().partition("?")[0]
    return f"{path}?{urlencode([*others, ('cursor', cursor)])}"


def _limit() -> int:
    return integer("limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)


def _cursor(order: str) -> tuple[Any, int] | None:
    text = request.args.get("cursor")
    if not text:
        return None
    try:
        name, value, number = json.loads(base64.urlsafe_b64decode(text.encode()))
        good = name == order and isinstance(value, (int, str))
        good = good and isinstance(number, int) and 0 <= number < MAX_ID
        good = good and (isinstance(value, str) or abs(value) < MAX_ID)
    except (ValueError, TypeError, RecursionError):
        good = False
    if not good:
        raise RestError(400, "The cursor is not one that this list answered")
    return value, number
