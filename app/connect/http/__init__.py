"""HTTP layer: error handlers, security headers, base path, request id and locale."""

from flask import Flask, Response

from ..metrics import ANSWERS, counter_of
from . import locale
from .base_path import BasePath
from .chunked_body import ChunkedBody
from .error_handlers import register_error_handlers
from .json_provider import ProxyJSONProvider
from .no_sessions import NoSessions
from .request_id import RequestId
from .security_headers import register_headers


def init_app(app: Flask) -> None:
    """Set up languages, error handlers, security headers, request ids and base path.

    Reads CONNECT_BASE_URL and CONNECT_ALL_JS_URL.
    """
    locale.init_app(app)
    app.json = ProxyJSONProvider(app)
    app.session_interface = NoSessions()
    based = BasePath(ChunkedBody(app.wsgi_app), app.config["CONNECT_BASE_URL"])
    app.wsgi_app = RequestId(based)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    register_headers(app)
    app.after_request(_count)
    register_error_handlers(app)


def _count(response: Response) -> Response:
    counter_of(ANSWERS, str(response.status_code)).inc()
    return response
