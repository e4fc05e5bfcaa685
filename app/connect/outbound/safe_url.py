"""Safe URLs: calls to a tenant go to its own base URL and nowhere else.

Whoever receives a signed request can get at the tenant's data, so an ambiguous URL is
refused rather than interpreted.
"""

import re
from urllib.parse import urlsplit

from ..errors import UnsafeURLError
from ..protocol.base_url import BaseURL, parse_base_url
from ..tenants.models import Tenant

_UNSAFE = re.compile(r"[\\\x00-\x20\x7f#]")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_ESCAPED_START = re.compile(r"/(?:%2f|%5c)", re.IGNORECASE)


def resolve(tenant: Tenant, url: str) -> tuple[str, str]:
    """Return the absolute URL for *url* at a tenant, and the base URL it is below.

    *url* is a path below the base URL (``/rest/api/space``), the same with the
    base URL's own path in front (``/wiki/api/v2/pages``, as ``_links.next`` has
    it), or an absolute URL below the tenant's base URL or display URL.

    :raises UnsafeURLError: if it is anything else.
    """
    base = parse_base_url(tenant.base_url)
    if not url.startswith("/"):
        base, url = _split_absolute(tenant, url)
    path, separator, query = url.partition("?")
    _check_path(path)
    if _UNSAFE.search(query):
        raise UnsafeURLError("the query has a character that must be encoded")
    if path == base.path or path.startswith(f"{base.path}/"):
        path = path[len(base.path) :]
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


def _split_absolute(tenant: Tenant, url: str) -> tuple[BaseURL, str]:
    for base in map(parse_base_url, (tenant.base_url, tenant.display_url)):
        rest = url.removeprefix(base.origin)
        if rest != url and rest.startswith("/"):
            path = rest.partition("?")[0]
            if path == base.path or path.startswith(f"{base.path}/"):
                return base, rest
    raise UnsafeURLError(
        "a URL starts with one '/' or is below the tenant's base URL or display URL"
    )


def _check_path(path: str) -> None:
    if (
        "//" in path
        or _UNSAFE.search(path)
        or _DOT_SEGMENT.search(path)
        or _ESCAPED_START.match(path)
    ):
        raise UnsafeURLError(
            "a path has no '//', '\\\\', '..', white space or encoded slash in front"
        )
