"""Middleware that makes the base URL true, whatever a proxy or a client says."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest

from ..protocol.qsh import base_path_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BasePath:
    """Middleware that serves an app below its base URL.

    A proxy may strip the path or not. Scheme and host of redirects and of external
    URLs are always the base URL's, since a client can send any ``Host``. A query that
    is not UTF-8 is answered 400.
    """

    def __init__(self, wsgi_app: "WSGIApplication", base_url: str) -> None:
        self._wsgi_app = wsgi_app
        self._base_path = base_path_of(base_url)
        self._scheme, self._host, *_ = urlsplit(base_url)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii() and not _is_utf8(query):
            # Werkzeug would fail on it, wherever it is read first.
            return BadRequest("The query is not UTF-8.")(environ, start_response)
        environ["wsgi.url_scheme"] = self._scheme
        environ["HTTP_HOST"] = self._host
        base_path = self._base_path
        if base_path:
            path = environ.get("PATH_INFO", "")
            if path == base_path or path.startswith(f"{base_path}/"):
                environ["PATH_INFO"] = path[len(base_path) :]
            environ["SCRIPT_NAME"] = base_path
        return self._wsgi_app(environ, start_response)


def _is_utf8(wsgi: str) -> bool:
    """Return whether WSGI text, which is bytes decoded as Latin-1, is UTF-8."""
    try:
        wsgi.encode("latin-1").decode()
    except UnicodeError:
        return False
    return True
