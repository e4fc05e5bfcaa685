"""HTTP layer: error handlers, security headers, base path and locale."""

from flask import Flask, Response

from ..metrics import ANSWERS
from . import locale
from .base_path import BasePath
from .error_handlers import register_error_handlers
from .json_provider import ProxyJSONProvider
from .no_sessions import NoSessions
from .security_headers import register_headers


def init_app(app: Flask) -> None:
    """Set up languages, error handlers, security headers and base path on *app*.

    Reads CONNECT_BASE_URL and CONNECT_ALL_JS_URL.
    """
    locale.init_app(app)
    app.json = ProxyJSONProvider(app)
    app.session_interface = NoSessions()
    app.wsgi_app = BasePath(app.wsgi_app, app.config["CONNECT_BASE_URL"])  # type: ignore[method-assign]  # Flask's own way to add middleware.
    register_headers(app)
    app.after_request(_count)
    register_error_handlers(app)


def _count(response: Response) -> Response:
    ANSWERS.labels(response.status_code).inc()
    return response
