"""What a request carries as evidence: its token, and the hashes it may have."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from flask import Request

from ..errors import MissingTokenError
from ..protocol.qsh import base_path_of, canonicalize, digest

_FORM = "application/x-www-form-urlencoded"
# The origin form or the absolute form (RFC 9112, section 3.2), and nothing that a
# server's own parser could read as another path.
_TARGET = re.compile(r"(?:https?://[^/?#]+)?(/[^?#]*)", re.IGNORECASE)


def get_token(request: Request) -> str:
    """Return the request's one token, from the header or the query.

    :raises MissingTokenError: if there is none, or two that differ.
    """
    tokens = _query_tokens(request.environ.get("QUERY_STRING", ""))
    scheme, _, value = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "jwt":
        tokens.add(value.strip())
    if len(tokens) != 1:
        raise MissingTokenError("no token" if not tokens else "contradicting tokens")
    return tokens.pop()


def _query_tokens(query: str) -> set[str]:
    """Return the values of ``jwt``, without reading the rest of the query."""
    if not query.isascii():
        try:
            query.encode("latin-1").decode()
        except UnicodeError:
            # Werkzeug would fail to read it, too, and not as gently.
            raise MissingTokenError("the query is not UTF-8") from None
    tokens = set()
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "jwt" or ("%" in name and unquote_plus(name) == "jwt"):
            tokens.add(unquote_plus(value))
    return tokens


def acceptable_hashes(request: Request, base_url: str) -> Iterator[str]:
    """Yield the qsh values that a token for this very request may have.

    The path as it was sent, then decoded: hosts hash either. A form may stand
    in for the query of a POST. Every one of them binds the token to this request.
    """
    paths = _paths(request, base_path_of(base_url))
    query = _text(request.environ.get("QUERY_STRING", ""))
    for path in paths:
        yield digest(canonicalize(request.method, path, query, base_path=""))
    if form := _form(request):
        for path in paths:
            yield digest(canonicalize("POST", path, form, base_path=""))


def _paths(request: Request, base_path: str) -> tuple[str, ...]:
    """Return the forms of the path, each without the base path."""
    environ = request.environ
    # BasePath has taken the base path away, and takes it only once.
    routed = _text(environ.get("PATH_INFO", ""))
    # gunicorn's name, then that of uWSGI and Werkzeug. No client can set either.
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.partition("?")[0] != routed and (target := _TARGET.match(raw)):
        sent = _text(target[1])
        if sent == base_path or sent.startswith(f"{base_path}/"):
            sent = sent[len(base_path) :]
        # What is hashed must be what is routed, however a server came by that.
        if sent != routed and unquote(sent) == routed:
            return sent, routed
    return (routed,)


def _text(wsgi: str) -> str:
    """Undo WSGI's habit of handing out bytes as Latin-1 (PEP 3333)."""
    if wsgi.isascii():
        return wsgi
    return wsgi.encode("latin-1", "replace").decode("utf-8", "replace")


def _form(request: Request) -> str | None:
    if request.method != "POST" or request.mimetype != _FORM:
        return None
    if any(name != "jwt" for name in request.args):
        return None
    return request.get_data(parse_form_data=False).decode("utf-8", "replace")
