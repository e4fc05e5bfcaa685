"""Tokens for display: decode one, and explain a hash that does not match."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import jwt

from devhost.exchanges.message import Message
from devhost.protocol.query_string_hash import canonical_request

CONTEXT_QSH = "context-qsh"


@dataclass(frozen=True)
class HashCheck:
    """What was signed, and what was sent."""

    claimed: str
    """The token's ``qsh``."""
    canonical: str
    """The canonical request that the host computes."""
    expected: str
    """The hash of ``canonical``."""
    fitting: str = ""
    """If they differ: the canonical request that has the claimed hash, if found."""
    mistake: str = ""
    """If they differ: the mistake in words."""

    @property
    def matches(self) -> bool:
        """Whether the token belongs to this request."""
        return self.claimed == self.expected


def read_unverified_claims(token: str) -> dict[str, Any] | None:
    """Return the unverified claims of *token*, None if it is not a token."""
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


def read_unverified_header(token: str) -> dict[str, Any] | None:
    """Return the unverified header of *token*, None if it is not a token."""
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


def check_hash(exchange: Message) -> HashCheck | None:
    """Compare the token's hash with the request's; None if there is no hash."""
    claims = read_unverified_claims(exchange.token) if exchange.token else None
    claimed = claims.get("qsh") if claims else None
    if not isinstance(claimed, str) or exchange.handed_out:
        return None
    canonical = canonical_request(
        exchange.method, exchange.target, base_path=exchange.base_path
    )
    check = HashCheck(claimed, canonical, _hash(canonical))
    if check.matches:
        return check
    if claimed == CONTEXT_QSH:
        mistake = "this is a context JWT: it is for the app's own endpoints only"
        return HashCheck(claimed, canonical, check.expected, CONTEXT_QSH, mistake)
    for candidate, mistake in _candidates(exchange, canonical):
        if _hash(candidate) == claimed:
            return HashCheck(claimed, canonical, check.expected, candidate, mistake)
    return check


def _hash(canonical: str) -> str:
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def _candidates(exchange: Message, canonical: str) -> Iterator[tuple[str, str]]:
    """Yield the canonical request of each common mistake, with the mistake's name."""
    method, target = exchange.method, exchange.target
    path, _, query = canonical.partition("&")[2].partition("&")
    for other in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"):
        yield f"{other}&{path}&{query}", f"signed for {other}, sent as {method}"
    full = canonical_request(method, target)
    yield full, f"the base path {exchange.base_path or '/'} was not removed"
    full_path = full.partition("&")[2].partition("&")[0]
    yield f"{method}&{path}&", "the query was not signed"
    yield f"{method}&{full_path}&", "neither the query nor the base path was treated"
    yield f"{method}&{path}", "the last & is missing"
    yield f"{method}&{path}/&{query}", "the trailing slash was not removed"
    yield f"{method}&{unquote(path)}&{query}", "the path was decoded"
    yield f"{method}&{quote(path, safe='/')}&{query}", "the path was encoded twice"
    yield f"{method.lower()}&{path}&{query}", "the method is in lower case"
    yield (
        f"{method}&{exchange.url.partition('?')[0]}&{query}",
        "the whole URL was signed",
    )
    yield from _query_candidates(f"{method}&{path}&", target, query)


def _query_candidates(start: str, target: str, query: str) -> Iterator[tuple[str, str]]:
    raw = target.partition("?")[2]
    yield start + raw, "the query was taken as sent: neither sorted nor encoded"
    yield start + unquote(query), "the query was not encoded"
    yield start + query.replace("%20", "+"), "a space was encoded as +"
    yield start + query.replace("%2C", ","), "a comma in a value was not encoded"
    pairs = [
        (name, quote(name, safe=""), quote(value, safe=""))
        for name, value in parse_qsl(raw, keep_blank_values=True)
        if name != "jwt"
    ]
    encoded = [f"{name}={value}" for _, name, value in pairs]
    yield start + "&".join(encoded), "the parameters were not sorted"
    repeated = "a repeated parameter was not joined with a comma"
    yield start + "&".join(sorted(encoded)), repeated
    for left_out in {name for name, *_ in pairs}:
        kept = "&".join(
            part for part in query.split("&") if unquote(part.split("=")[0]) != left_out
        )
        yield start + kept, f"the parameter {left_out} was not signed"
