"""Safe URLs: calls to a tenant go to its own base URL and nowhere else.

Whoever receives a signed request can get at the tenant's data, so an ambiguous URL is
refused rather than interpreted. The display URL is only ever read: a link below it
becomes the same path below the base URL.
"""

import re
from urllib.parse import urlsplit

from ..errors import UnsafeURLError
from ..protocol.base_url import parse_base_url
from ..tenants.models import Tenant

_UNSAFE = re.compile(r"[\\\x00-\x20\x7f#]")
# Some servers decode a slash, or drop what follows a ";", before they resolve dots.
_DOT_SEGMENT = re.compile(
    r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|;|%3b|$)", re.IGNORECASE
)
_ESCAPED_START = re.compile(r"/(?:%2f|%5c)", re.IGNORECASE)


def resolve(tenant: Tenant, url: str) -> tuple[str, str]:
    """Return the absolute URL for *url* at a tenant, and the base URL it is below.

    *url* is a path below the base URL (``/rest/api/space``), the same with the
    base URL's own path in front (``/wiki/api/v2/pages``, as ``_links.next`` has
    it), or an absolute URL below the tenant's base URL or display URL.

    :raises UnsafeURLError: if it is anything else.
    """
    base = parse_base_url(tenant.base_url)
    if url.startswith("/"):
        address, separator, query = url.partition("?")
        below = _below(base.path, address)
        path = address if below is None else below
    else:
        path, separator, query = _split_absolute(tenant, url)
    _check_path(path)
    if _UNSAFE.search(query):
        raise UnsafeURLError("the query has a character that must be encoded")
    return f"{base}{path}{separator}{query}", str(base)


def check_prepared(prepared_url: str, base_url: str) -> None:
    """Check that the URL about to be called is still below *base_url*.

    :raises UnsafeURLError: if a library has rewritten it to another place.
    """
    if not (prepared_url + "/").startswith(base_url + "/") and not (
        prepared_url.startswith(base_url + "?")
    ):
        raise UnsafeURLError("the URL left the tenant's base URL")
    _check_path(urlsplit(prepared_url).path)


def _split_absolute(tenant: Tenant, url: str) -> tuple[str, str, str]:
    """Return the path below the URL that *url* is below, a separator and the query."""
    address, separator, query = url.partition("?")
    for base in map(parse_base_url, (tenant.base_url, tenant.display_url)):
        path = address.removeprefix(base.origin)
        if path.startswith("/"):
            below = _below(base.path, path)
            if below is not None:
                return below, separator, query
    raise UnsafeURLError(
        "a URL starts with one '/' or is below the tenant's base URL or display URL"
    )


def _below(base_path: str, path: str) -> str | None:
    """Return *path* without *base_path* in front; None if it is not below it."""
    rest = path.removeprefix(base_path)
    below = path.startswith(base_path) and (not rest or rest.startswith("/"))
    return rest if below else None


def has_dot_segment(path: str) -> bool:
    """Return whether a host may read part of an encoded path as ``.`` or ``..``."""
    return _DOT_SEGMENT.search(path) is not None


def _check_path(path: str) -> None:
    if (
        "//" in path
        or _UNSAFE.search(path)
        or has_dot_segment(path)
        or _ESCAPED_START.match(path)
    ):
        raise UnsafeURLError(
            "a path has no '//', '\\\\', '..', white space or encoded slash in front: "
            "quote each id that becomes part of it, and refuse one that is '..'"
        )
