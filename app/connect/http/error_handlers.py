"""Error handlers: what a caller is told when a request is refused or fails.

The answer never says which check failed; the log does, with the client key and
without token, secret or body.
"""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    HostError,
    InstallKeysUnavailableError,
    MalformedBodyError,
    PermissionDeniedError,
    PermissionUnknownError,
    QueueUnavailableError,
    ScopeError,
)
from ..tenants.current import find_verified_request
from ..tenants.state import get_state
from .security_headers import allow_framing_anywhere

RETRY_AFTER_SECONDS = 30

_logger = logging.getLogger(__name__)


def register_error_handlers(app: Flask) -> None:
    """Answer the framework's errors and a failing database, never with a 500."""
    app.register_error_handler(AuthenticationError, _unauthorized)
    app.register_error_handler(PermissionDeniedError, _forbidden)
    app.register_error_handler(PermissionUnknownError, _permission_unknown)
    app.register_error_handler(MalformedBodyError, _malformed)
    app.register_error_handler(InstallKeysUnavailableError, _unavailable)
    app.register_error_handler(ConfigurationError, _unavailable)
    app.register_error_handler(ScopeError, _unavailable)
    app.register_error_handler(QueueUnavailableError, _unavailable)
    app.register_error_handler(SQLAlchemyError, _unavailable)
    app.register_error_handler(HostError, _bad_gateway)


def _unauthorized(error: AuthenticationError) -> Response:
    _log("refused", error, f"{error}; client_key={error.client_key}")
    response = _answer("unauthorized", 401)
    response.headers["WWW-Authenticate"] = f'JWT realm="{get_state().app_key}"'
    return response


def _forbidden(error: PermissionDeniedError) -> Response:
    _log("forbidden", error, str(error))
    return _answer("forbidden", 403, needed=error.needed)


def _permission_unknown(error: PermissionUnknownError) -> Response:
    _log("host failed", error, str(error))
    return _try_again("host_unavailable")


def _malformed(error: MalformedBodyError) -> Response:
    _log("malformed", error, str(error))
    return _answer("bad_request", 400)


def _unavailable(error: Exception) -> Response:
    # The text of a database error can quote what was being stored.
    reason = "" if isinstance(error, SQLAlchemyError) else str(error)
    _log("unavailable", error, reason)
    return _try_again("unavailable")


def _try_again(name: str) -> Response:
    response = _answer(name, 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _bad_gateway(error: HostError) -> Response:
    _log("host failed", error, str(error))
    return _answer("host_unavailable", 502)


def _log(what: str, error: Exception, reason: str) -> None:
    _logger.warning(
        "%s: %s %r: %s: %s",
        what,
        request.method,
        request.path,
        type(error).__name__,
        reason,
    )


def asks_for_page() -> bool:
    """Whether a browser asks, to show the answer, rather than a script."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def _answer(name: str, status: int, **about: str) -> Response:
    """Answer a page to a browser that asks for one, and JSON to all else.

    Whoever is verified sees the page in the frame it is in.
    """
    if not asks_for_page():
        response = jsonify(error=name)
    else:
        response = make_response(
            render_template("refused.html", status=status, error=name, **about)
        )
        if find_verified_request(request) is None:
            # It holds nothing, and whose iframe it is in is not known.
            allow_framing_anywhere(response)
    response.status_code = status
    return response
