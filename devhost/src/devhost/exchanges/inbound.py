"""The recorder of calls to the host, by an app or by its page."""

import time
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException

from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.tokens import read_unverified_claims
from devhost.site import CONTEXT_PATH
from devhost.site.current import current_site, current_target
from devhost.site.installations import Installations
from devhost.site.origin_check import SESSION_HEADER
from devhost.tokens.app_token import app_token

# The first prefix that matches gives the kind.
KINDS = (
    (f"{CONTEXT_PATH}/rest/plugins/", "install-protocol"),
    (f"{CONTEXT_PATH}/rest/", "rest"),
    (f"{CONTEXT_PATH}/api/", "rest"),
    (f"{CONTEXT_PATH}/download/", "rest"),
    ("/oauth2/", "oauth"),
    ("/install-keys/", "install-key"),
)


def init_app(app: Flask) -> None:
    """Record every call that an app makes to *app*."""
    app.before_request(_begin)
    app.after_request(_record)


def note(name: str, value: str) -> None:
    """Add a note to the exchange of this request, such as its scope."""
    if has_request_context():
        g.setdefault("devhost_notes", {})[name] = value


def current_kind() -> str | None:
    """Return the kind of this request, None if no app made it."""
    path = current_site().product.declared(current_target().partition("?")[0])
    by_page = SESSION_HEADER in request.headers
    by_app = "Authorization" in request.headers or by_page
    if path.startswith(f"{CONTEXT_PATH}/download/") and not by_app:
        # A browser that loads an image.
        return None
    kind = next((kind for prefix, kind in KINDS if path.startswith(prefix)), None)
    return "ap-request" if kind == "rest" and by_page else kind


def _begin() -> None:
    g.devhost_started = (time.time(), time.perf_counter())


def _record(response: Response) -> Response:
    kind = current_kind()
    # Without a start, the request was refused because of its origin.
    if kind is None or "devhost_started" not in g:
        return response
    started_at, begin = g.devhost_started
    failure = g.get("devhost_failure", "")
    current_site().get(ExchangeLog).record(
        kind=kind,
        direction="from-app",
        method=request.method,
        url=f"http://{request.host}{current_target()}",
        base_path=current_site().context_path,
        request_headers=tuple(request.headers.items()),
        request_body=_request_body(),
        status=None if failure else response.status_code,
        failure=failure,
        started_at=started_at,
        milliseconds=(time.perf_counter() - begin) * 1000,
        notes=dict(g.get("devhost_notes", {})),
        **_caller(),
        **({} if failure else _answer(response)),
    )
    return response


def _answer(response: Response) -> dict[str, Any]:
    return {
        "response_headers": tuple(response.headers.items()),
        "response_body": b"" if _is_file(response) else response.get_data(),
        "reason": response.headers.get("X-Devhost-Reason", ""),
    }


def _is_file(response: Response) -> bool:
    # Reading it here would take it away from the client.
    return response.is_streamed or response.direct_passthrough


def _caller() -> dict[str, str]:
    known = g.get("devhost_caller")
    if known is not None:
        user = known.user.account_id if known.user is not None else None
        return {"app_key": known.app.app_key, "user": user or ""}
    token = app_token(request.headers.get("Authorization", ""))
    claims = read_unverified_claims(token) if token else None
    issuer = claims.get("iss") if claims else None
    # Only the name of an app that exists; the claim itself is not verified.
    if isinstance(issuer, str) and current_site().get(Installations).find(issuer):
        return {"app_key": issuer}
    return {}


def _request_body() -> bytes:
    try:
        body = request.get_data()
        # Parsing a form uses up the stream.
        if not body and request.form:
            body = urlencode(list(request.form.items(multi=True))).encode()
    except HTTPException:
        return b""
    return body
