"""Security headers for every answer, Content-Security-Policy included.

https://developer.atlassian.com/platform/marketplace/security-requirements/
"""

import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request

from ..protocol.base_url import parse_base_url
from ..tenants.current import VERIFIED_KEY, VerifiedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_STEADY = (
    ("Cache-Control", "no-cache, no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; frame-src 'self'; "
)
_ANYWHERE = "frame-ancestors *"
_NOWHERE = "frame-ancestors 'none'"
_NONCE = " {nonce}"
_NONCE_KEY = "connect.csp_nonce"
_POLICY_HEADER = "Content-Security-Policy"
_NAMES = frozenset(name.lower() for name, _ in (*_STEADY, (_POLICY_HEADER, "")))


def csp_nonce() -> str:
    """Return the nonce that allows a script or style in this answer."""
    nonce: str = request.environ.setdefault(_NONCE_KEY, secrets.token_urlsafe(16))
    return nonce


def send_no_nonce() -> None:
    """Make :func:`csp_nonce` empty in this answer: a cached nonce is not secret."""
    request.environ[_NONCE_KEY] = ""


def allow_framing_anywhere(response: Response) -> None:
    """Let any site show *response* in an iframe: for answers without data."""
    template = _template(current_app.config["CONNECT_ALL_JS_URL"], _ANYWHERE)
    response.headers[_POLICY_HEADER] = _with_nonce(
        template, request.environ.get(_NONCE_KEY)
    )


class SecurityHeaders:
    """Middleware that adds the headers to every answer that does not set them itself.

    A middleware covers every answer, whatever produced it. It is also faster: it
    extends the header list once, where Werkzeug would search it for each header.
    """

    def __init__(self, wsgi_app: "WSGIApplication", all_js_url: str) -> None:
        self._wsgi_app = wsgi_app
        self._all_js_url = all_js_url

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            policy = (_POLICY_HEADER, _policy(self._all_js_url, environ))
            present = _NAMES.intersection([name.lower() for name, _ in headers])
            if present:
                ours = [h for h in (*_STEADY, policy) if h[0].lower() not in present]
                return start_response(status, headers + ours, exc_info)
            return start_response(status, [*headers, *_STEADY, policy], exc_info)

        return self._wsgi_app(environ, start)


def register_headers(app: Flask) -> None:
    """Add the headers to every answer of *app* that does not set them itself."""
    all_js_url = app.config["CONNECT_ALL_JS_URL"]
    app.wsgi_app = SecurityHeaders(app.wsgi_app, all_js_url)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def _policy(all_js_url: str, environ: "WSGIEnvironment") -> str:
    verified: VerifiedRequest | None = environ.get(VERIFIED_KEY)
    nonce: str | None = environ.get(_NONCE_KEY)
    if verified is None:
        return _with_nonce(_template(all_js_url, _NOWHERE), nonce)
    tenant = verified.tenant
    template = _template_for(all_js_url, tenant.base_url, tenant.display_url)
    return _with_nonce(template, nonce)


@lru_cache(maxsize=10_000)
def _template_for(all_js_url: str, base_url: str, display_url: str) -> str:
    origins = {parse_base_url(url).origin: None for url in (base_url, display_url)}
    return _template(all_js_url, "frame-ancestors " + " ".join(origins))


@lru_cache
def _template(all_js_url: str, frame_ancestors: str) -> str:
    sources = f"'self' {parse_base_url(all_js_url).origin}{_NONCE}"
    return f"{_POLICY}script-src {sources}; style-src {sources}; {frame_ancestors}"


def _with_nonce(template: str, nonce: str | None) -> str:
    return template.replace(_NONCE, f" 'nonce-{nonce}'" if nonce else "")
