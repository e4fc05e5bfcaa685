"""The raw request target: as it was sent, before any percent-decoding.

A hash covers the path as sent, and an app property key may contain an encoded
slash, so both verification and routing work on the undecoded path.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WSGIApplication = Callable[..., Iterable[bytes]]


def raw_target(environ: dict[str, Any]) -> str:
    """Return path and query as they were in the request line."""
    target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/"
    if not target.startswith("/") and "://" in target:
        # https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 (absolute form)
        _, _, rest = target.partition("://")
        target = "/" + rest.partition("/")[2]
    return target.partition("#")[0]


def raw_path(environ: dict[str, Any]) -> str:
    """Return the undecoded path of the request line."""
    return raw_target(environ).partition("?")[0]


def decode_segment(segment: str) -> str:
    """Decode one percent-encoded path segment.

    :raises UnicodeDecodeError: if the bytes are not UTF-8.
    """
    return unquote_to_bytes(segment).decode("utf-8")


class RouteByRawPath:
    """WSGI middleware that hands the undecoded path to the router."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Replace ``PATH_INFO`` and call the application."""
        environ["PATH_INFO"] = raw_path(environ)
        return self._application(environ, start_response)
