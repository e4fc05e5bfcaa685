"""The query string hash (qsh), which binds a token to one request.

The algorithm is Atlassian's. Where its implementations differ, this follows the Java
one, which the hosts run. Everything is taken raw, as sent.

https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

import hashlib
import re
from collections import defaultdict
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

CONTEXT_QSH = "context-qsh"
"""The literal that a context JWT carries instead of a hash."""

# A query that needs no decoding: parts with one "=" each, made of unreserved characters
# and upper-case escapes of those ASCII characters that have to be escaped.
_PLAIN = r"[A-Za-z0-9\-._~]*+"
_ESCAPE = r"%(?:[01][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_TEXT = f"{_PLAIN}(?:{_ESCAPE}{_PLAIN})*+"
_CANONICAL_QUERY = re.compile(f"(?:{_TEXT}={_TEXT}(?:&{_TEXT}={_TEXT})*+)?")


def canonical_request(method: str, url: str, *, base_url: str = "") -> str:
    """Return ``METHOD&path&query`` as both sides of Connect hash it.

    *url* is absolute or starts with ``/`` and is taken as sent; the path of
    *base_url* is stripped from it on a segment boundary.

    :raises ValueError: if *url* is neither absolute nor starts with ``/``.
    """
    target, _, query = _request_target(url).partition("?")
    return canonicalize(method, target, query, base_path=base_path_of(base_url))


def query_string_hash(method: str, url: str, *, base_url: str = "") -> str:
    """Return the qsh of a request: 64 lower-case hexadecimal digits.

    :raises ValueError: if *url* is neither absolute nor starts with ``/``.
    """
    return digest(canonical_request(method, url, base_url=base_url))


def digest(canonical: str) -> str:
    """Return the SHA-256 of a canonical request, in lower-case hexadecimal."""
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def canonicalize(method: str, path: str, query: str, *, base_path: str) -> str:
    """Return the canonical request of a path and a query that are already split.

    A decoded path may hold a ``?``, which is then part of the path.
    """
    return "&".join(
        (method.upper(), _canonical_path(path, base_path), canonical_query(query))
    )


@lru_cache(maxsize=256)
def base_path_of(base_url: str) -> str:
    """Return the path of a base URL without trailing slashes."""
    return urlsplit(base_url).path.rstrip("/")


def canonical_query(query: str) -> str:
    """Return a raw query sorted and encoded, without the ``jwt`` parameter."""
    parts = [p for p in query.split("&") if p and not p.startswith("jwt=")]
    if _CANONICAL_QUERY.fullmatch("&".join(parts)):
        named = {part.partition("=")[0]: part for part in parts}
        if len(named) == len(parts):
            # Sorted by name alone: as text, "a-=" comes before "a=".
            return "&".join([named[name] for name in sorted(named)])
    return _decoded_and_encoded(parts)


def _decoded_and_encoded(parts: list[str]) -> str:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for part in parts:
        name, _, value = part.partition("=")
        if (name := _decode(name)) != "jwt":
            values[name].append(_decode(value))
    return "&".join(
        f"{name}={','.join(map(_encode, sorted(repeated, key=_utf16)))}"
        for name, repeated in sorted((_encode(n), v) for n, v in values.items())
    )


def _request_target(url: str) -> str:
    if url.startswith("/"):
        return url
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalpha():
        raise ValueError("a URL to hash is absolute or starts with '/'")
    end = re.search(r"[/?#]", rest)
    target = rest[end.start() :] if end else ""
    return target.partition("#")[0]


def _canonical_path(path: str, base_path: str) -> str:
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :]
    return (path.rstrip("/") or "/").replace("&", "%26")


def _decode(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    raw = unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "replace")


def _encode(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _utf16(text: str) -> bytes:
    """Return a sort key: Java compares strings by UTF-16 units, not by code points."""
    return text.encode("utf-16-be", "surrogatepass")
