"""The query string hash, computed with the PyPI library ``atlassian-jwt``.

The library strips every leading and trailing slash of a path, and reads a colon in the
first segment as a scheme. Its query string is right, so only that is taken from the
library; the path is built here.
"""

import hashlib

from atlassian_jwt.url_utils import canonicalize_request


def strip_base_path(path: str, base_path: str) -> str:
    """Remove the base URL's path from *path*, on a segment boundary only."""
    base_path = base_path.rstrip("/")
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        return path[len(base_path) :]
    return path


def canonical_request(method: str, target: str, *, base_path: str = "") -> str:
    """Return the canonical request for an undecoded *target* (path and query)."""
    path, _, query = target.partition("?")
    path = strip_base_path(path, base_path)
    if len(path) > 1:
        path = path.removesuffix("/")
    canonical_path = (path or "/").replace("&", "%26")
    canonical_query = canonicalize_request("GET", "/?" + query).removeprefix("GET&/&")
    return f"{method.upper()}&{canonical_path}&{canonical_query}"


def query_string_hash(method: str, target: str, *, base_path: str = "") -> str:
    """Return the lower-case hexadecimal SHA-256 of the canonical request."""
    canonical = canonical_request(method, target, base_path=base_path)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
