"""Request tokens: extraction from header or query, and the qsh check."""

import re
from hmac import compare_digest
from urllib.parse import unquote, unquote_plus

from flask import Request

from ..errors import MissingTokenError
from ..protocol.qsh import CONTEXT_QSH, base_path_of, canonicalize, digest
from ..protocol.unverified_token import Claims

_FORM = "application/x-www-form-urlencoded"
# The origin form or the absolute form (RFC 9112, section 3.2), and nothing that a
# server's own parser could read as a different path.
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
    tokens = set()
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "jwt" or ("%" in name and unquote_plus(name) == "jwt"):
            tokens.add(unquote_plus(value))
    return tokens


def is_for_this_request(claims: Claims, request: Request, base_url: str) -> bool:
    """Return whether ``qsh`` is the hash of this exact method, path and query.

    The path counts as sent or decoded, since hosts hash either. A form can replace
    the query of a POST. Every variant binds the token to this request.
    """
    if is_for_this_url(claims, request, base_url):
        return True
    form = _form(request)
    paths = _paths(request, base_path_of(base_url))
    return form != "" and _is_hash_of(claims.get("qsh"), "POST", paths, form)


def is_for_this_url(claims: Claims, request: Request, base_url: str) -> bool:
    """Like :func:`is_for_this_request`, without forms.

    It never reads the body, so claims can be checked that are not verified yet.
    """
    query = _text(request.environ.get("QUERY_STRING", ""))
    paths = _paths(request, base_path_of(base_url))
    return _is_hash_of(claims.get("qsh"), request.method, paths, query)


def is_for_context(claims: Claims, request: Request, base_url: str) -> bool:
    """Return whether ``qsh`` is the literal of a context JWT, valid for any request."""
    return claims.get("qsh") == CONTEXT_QSH


def _is_hash_of(qsh: object, method: str, paths: tuple[str, ...], query: str) -> bool:
    if not isinstance(qsh, str) or not qsh.isascii():
        return False
    for path in paths:
        if compare_digest(qsh, digest(canonicalize(method, path, query, base_path=""))):
            return True
    return False


def _paths(request: Request, base_path: str) -> tuple[str, ...]:
    """Return the possible forms of the path, without the base path."""
    environ = request.environ
    # BasePath has stripped the base path, and strips it only once.
    routed = _text(environ.get("PATH_INFO", ""))
    # gunicorn's name, then uWSGI's and Werkzeug's. No client can set either.
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.partition("?")[0] != routed and (target := _TARGET.match(raw)):
        sent = _text(target[1])
        if sent.startswith(f"{base_path}/"):
            sent = sent[len(base_path) :]
        # Hash only a path that decodes to the one that was routed.
        if sent != routed and unquote(sent) == routed:
            return sent, routed
    return (routed,)


def _text(wsgi: str) -> str:
    """Return WSGI text, which is bytes decoded as Latin-1 (PEP 3333), as UTF-8."""
    if wsgi.isascii():
        return wsgi
    return wsgi.encode("latin-1", "replace").decode("utf-8", "replace")


def _form(request: Request) -> str:
    if request.method != "POST" or request.mimetype != _FORM:
        return ""
    if any(name != "jwt" for name in request.args):
        return ""
    return request.get_data(parse_form_data=False).decode("utf-8", "replace")
