"""Middleware for a base URL with a path, whether or not a proxy strips it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..protocol.qsh import base_path_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BasePath:
    """Middleware that serves an app below the path of its base URL."""

    def __init__(self, wsgi_app: "WSGIApplication", base_url: str) -> None:
        self._wsgi_app = wsgi_app
        self._base_path = base_path_of(base_url)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        base_path = self._base_path
        if base_path:
            path = environ.get("PATH_INFO", "")
            if path == base_path or path.startswith(f"{base_path}/"):
                environ["PATH_INFO"] = path[len(base_path) :]
            environ["SCRIPT_NAME"] = base_path
        return self._wsgi_app(environ, start_response)
