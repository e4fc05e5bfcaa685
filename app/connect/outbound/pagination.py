"""Pagination of Confluence's REST v1 and v2 answers, and of Jira's.

The URL of the next page is in ``_links.next`` of the body or in the ``Link`` header; in
Jira's it is ``nextPage``. It is not followed to another site, in a circle, or without
end.
https://developer.atlassian.com/cloud/confluence/rest/v2/intro/#using
https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from ..errors import HostResponseError
from .client import HostClient
from .host_response import read_json
from .safe_url import resolve

MAX_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer, and the progress so far."""

    items: list[Any]
    next_url: str | None
    """The URL to continue with, now or later; None after the last page."""
    number: int
    """1 for the first page that was read."""
    items_read: int
    """Includes the results of this page."""
    total: int | None
    """The total number of results, if the host says so."""


Progress = Callable[[Page], object]
"""A callback for each page as soon as it is read."""


def iterate_pages(
    client: HostClient,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    max_pages: int = MAX_PAGES,
) -> Iterator[Page]:
    """Yield the pages of an answer; each is fetched when the previous one is done.

    :raises UnsafeURLError: if the host names a page that is not below its base URL.
    :raises HostResponseError: if an answer is not a page, or there are too many.
    :raises HostError: if the host does not answer, or refuses.
    """
    seen: set[str] = set()
    items_read = number = 0
    while True:
        response = client.request("GET", url, params=params)
        # The link already contains all parameters.
        params, number = None, number + 1
        body = read_json(response)
        items = None
        if isinstance(body, dict):
            items = body.get("results", body.get("values"))
        if not isinstance(items, list):
            raise _refused(response, "the answer has no list of results")
        items_read += len(items)
        next_url = _next_url(response, body)
        yield Page(items, next_url, number, items_read, _total(body))
        if next_url is None:
            return
        absolute, _ = resolve(client.tenant, next_url)
        if absolute in seen or absolute == response.url:
            raise _refused(response, "its pages lead in a circle")
        if number == max_pages:
            raise _refused(response, f"it has more than {max_pages} pages")
        seen.add(absolute)
        url = next_url


def _next_url(response: requests.Response, body: dict[str, Any]) -> str | None:
    links = body.get("_links")
    found = links.get("next") if isinstance(links, dict) else None
    if isinstance(found, dict):
        found = found.get("href")
    if found is None:
        found = body.get("nextPage")
    if found is None:
        found = response.links.get("next", {}).get("url")
    if found is not None and not isinstance(found, str):
        raise _refused(response, "the link to its next page is not a string")
    return found or None


def _total(body: dict[str, Any]) -> int | None:
    total = body.get("totalSize", body.get("total"))
    return total if isinstance(total, int) else None


def _refused(response: requests.Response, message: str) -> HostResponseError:
    path = (response.url or "").partition("?")[0]
    return HostResponseError(response.status_code, message, method="GET", path=path)
