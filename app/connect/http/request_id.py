"""Request ids: each request has one, which the log and the answer name."""

import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER: Final = "X-Request-Id"

_KEY = "connect.request_id"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestId:
    """Middleware that keeps the ``X-Request-Id`` of a proxy, or makes an id.

    One that is too long, or has other characters than ``A-Za-z0-9._-``, is replaced.
    """

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self._wsgi_app = wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _WELL_FORMED.fullmatch(sent) else secrets.token_hex(8)
        environ[_KEY] = request_id

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            headers.append((HEADER, request_id))
            return start_response(status, headers, *error)

        return self._wsgi_app(environ, start)


def find_request_id(environ: "WSGIEnvironment") -> str | None:
    """Return the id of a request; None if it did not pass the middleware."""
    return environ.get(_KEY)
