"""The CPU probe: a worker reports its own CPU time, which works on any system."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CPU_PATH = "/-/cpu"


class CPUProbe:
    """Middleware that answers CPU_PATH with user plus system time in nanoseconds."""

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self._wsgi_app = wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU_PATH:
            return self._wsgi_app(environ, start_response)
        body = str(time.process_time_ns()).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def add_probe(app: Flask) -> Flask:
    """Put the probe in front of *app*; it costs each server one more function call."""
    app.wsgi_app = CPUProbe(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    return app
