"""Views of an exchange: as JSON, as text and as a curl command."""

import json
import shlex
from typing import Any
from urllib.parse import urlsplit

from devhost.exchanges.masking import mask, mask_headers
from devhost.exchanges.message import Headers, Message
from devhost.exchanges.tokens import (
    check_hash,
    read_unverified_claims,
    read_unverified_header,
)

SHOWN_IN_TEXT = 2000
# Headers that nobody needs for finding out what went wrong.
LONG_ANSWERS = frozenset({"descriptor", "install-key"})
# Headers that a client writes itself.
NOT_IN_CURL = frozenset(
    "host content-length connection accept-encoding transfer-encoding".split()
)


def summary(exchange: Message) -> dict[str, Any]:
    """Return one line of the inspector; it contains nothing secret."""
    return {
        "id": exchange.id,
        "kind": exchange.kind,
        "direction": exchange.direction,
        "appKey": exchange.app_key,
        "user": exchange.user,
        "method": exchange.method,
        "path": exchange.path,
        "query": mask(urlsplit(exchange.url).query),
        "status": exchange.status,
        "failure": exchange.failure,
        "reason": exchange.reason,
        "startedAt": exchange.started_at,
        "milliseconds": exchange.milliseconds,
        "notes": exchange.notes,
    }


def as_json(exchange: Message, *, plain: bool = False) -> dict[str, Any]:
    """Return everything known about *exchange*, masked unless *plain*."""
    check = check_hash(exchange)
    return {
        **summary(exchange),
        "isPlain": plain,
        "isTruncated": exchange.is_truncated,
        "url": _shown(exchange.url, plain),
        "requestHeaders": _shown_headers(exchange.request_headers, plain),
        "requestBody": _shown(_text(exchange.request_body), plain),
        "responseHeaders": _shown_headers(exchange.response_headers, plain),
        "responseBody": _shown(_text(exchange.response_body), plain),
        "token": _token(exchange, plain),
        "hash": None
        if check is None
        else {
            "claimed": check.claimed,
            "canonical": check.canonical,
            "expected": check.expected,
            "matches": check.matches,
            "fitting": check.fitting,
            "mistake": check.mistake,
        },
        "curl": as_curl(exchange, plain=plain),
    }


def as_curl(exchange: Message, *, plain: bool = False) -> str:
    """Return the command that repeats the request; empty if it was not a request."""
    if exchange.handed_out:
        return ""
    words = ["curl", "-i", "-X", exchange.method, _shown(exchange.url, plain)]
    for name, value in _shown_headers(exchange.request_headers, plain):
        if name.lower() not in NOT_IN_CURL:
            words += ["-H", f"{name}: {value}"]
    if exchange.request_body:
        words += ["--data-binary", _shown(_text(exchange.request_body), plain)]
    return shlex.join(words)


def as_text(exchange: Message) -> str:
    """Return *exchange* as a failing assertion prints it, masked."""
    arrow = "host -> app" if exchange.direction == "to-app" else "app -> host"
    known = exchange.failure or "handed to a browser"
    answer = str(exchange.status) if exchange.status is not None else known
    line = f"#{exchange.id} {exchange.kind} {arrow}  {exchange.method} "
    lines = [line + f"{mask(exchange.target)}  {answer}"]
    for label, text in _text_parts(exchange):
        if text:
            lines.append(f"    {label}: {_indented(text)}")
    return "\n".join(lines)


def _indented(text: str) -> str:
    """Return the start of *text*, indented so that no line looks like a message."""
    shown = text[:SHOWN_IN_TEXT].strip().replace("\n", "\n        ")
    return f"{shown} ..." if len(text) > SHOWN_IN_TEXT else shown


def _text_parts(exchange: Message) -> list[tuple[str, str]]:
    check = check_hash(exchange)
    claims = read_unverified_claims(exchange.token) if exchange.token else None
    parts = [
        ("claims", "" if claims is None else json.dumps(claims)),
        ("request", mask(_text(exchange.request_body))),
        ("answer", "" if _is_usual(exchange) else mask(_text(exchange.response_body))),
        ("refused", exchange.reason),
    ]
    if check is not None and not check.matches:
        parts.append(("canonical request", check.canonical))
        parts.append(("what was signed", check.fitting or "not found"))
    return parts


def _is_usual(exchange: Message) -> bool:
    return exchange.kind in LONG_ANSWERS and exchange.status == 200


def _token(exchange: Message, plain: bool) -> dict[str, Any] | None:
    if exchange.token is None:
        return None
    claims = read_unverified_claims(exchange.token)
    if claims is None:
        # There is nothing to read in an access token.
        return {"header": None, "claims": None, "raw": exchange.token if plain else ""}
    return {
        "header": read_unverified_header(exchange.token),
        "claims": claims,
        "raw": _shown(exchange.token, plain),
    }


def _shown(text: str, plain: bool) -> str:
    return text if plain else mask(text)


def _shown_headers(headers: Headers, plain: bool) -> list[tuple[str, str]]:
    return list(headers if plain else mask_headers(headers))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are not text)"
