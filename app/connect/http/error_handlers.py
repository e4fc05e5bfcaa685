"""Error handlers: the answers to requests that are refused or fail.

The answer never says which check failed. The log does, with the client key but
without the token, secret or body.
"""

import logging
import math
from functools import partial
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    jsonify,
    make_response,
    render_template,
    request,
)
from sqlalchemy.exc import SQLAlchemyError

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    HostError,
    HostUnavailableError,
    InstallKeysUnavailableError,
    MalformedBodyError,
    OutdatedInstallError,
    PermissionDeniedError,
    PermissionUnknownError,
    QueueUnavailableError,
    ScopeError,
    Unavailable,
    without_text,
)
from ..tenants.current import find_verified_request
from ..tenants.state import get_state
from .security_headers import allow_framing_anywhere

RETRY_AFTER_SECONDS = 30

# The framework's own templates; the app's templates of the same name come first.
_templates = Blueprint("connect_templates", __name__, template_folder="../templates")

_logger = logging.getLogger(__name__)


def register_error_handlers(app: Flask) -> None:
    """Handle the framework's errors and database failures, never with a 500."""
    app.register_blueprint(_templates)
    app.log_exception = partial(_log_exception, app)  # type: ignore[method-assign]  # Flask's own hook to override.
    app.register_error_handler(AuthenticationError, _unauthorized)
    app.register_error_handler(PermissionDeniedError, _forbidden)
    app.register_error_handler(PermissionUnknownError, _permission_unknown)
    app.register_error_handler(MalformedBodyError, _malformed)
    app.register_error_handler(OutdatedInstallError, _outdated)
    app.register_error_handler(InstallKeysUnavailableError, _unavailable)
    app.register_error_handler(ConfigurationError, _unavailable)
    app.register_error_handler(ScopeError, _unavailable)
    app.register_error_handler(QueueUnavailableError, _unavailable)
    app.register_error_handler(SQLAlchemyError, _unavailable)
    app.register_error_handler(HostError, _host_failed)


def _unauthorized(error: AuthenticationError) -> Response:
    _log("refused", error, f"{error}; client_key={error.client_key!r}")
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


def _outdated(error: OutdatedInstallError) -> Response:
    _log("outdated", error, str(error))
    return _answer("outdated", 409)


def _unavailable(error: Exception) -> Response:
    # The text of a database error can quote the values being stored.
    reason = "" if isinstance(error, SQLAlchemyError) else str(error)
    _log("unavailable", error, reason)
    return _try_again("unavailable")


def _try_again(name: str) -> Response:
    response = _answer(name, 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _host_failed(error: HostError) -> Response:
    _log("host failed", error, str(error))
    status = 502
    if isinstance(error, HostUnavailableError):
        if not error.sent:
            status = 503
        elif error.reason == Unavailable.TIMEOUT:
            status = 504
    response = _answer("host_unavailable", status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _log_exception(app: Flask, exc_info: Any) -> None:
    """Log an error of a view, which Flask answers with a 500."""
    error: BaseException = exc_info[1]
    _logger.error(
        "Exception on %r [%s]",
        request.path,
        request.method,
        exc_info=error if app.debug else without_text(error),
    )


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
    """Return whether a browser will show the answer, rather than a script read it."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def _answer(name: str, status: int, **about: str) -> Response:
    """Answer with a page if a browser asks for one, and with JSON otherwise.

    For a verified request the page can be shown in the tenant's iframe.
    """
    if not asks_for_page():
        response = jsonify(error=name)
    else:
        response = make_response(
            render_template("connect/refused.html", status=status, error=name, **about)
        )
        if find_verified_request(request) is None:
            # It holds no data, and whose iframe it is in is unknown.
            allow_framing_anywhere(response)
    response.status_code = status
    return response
