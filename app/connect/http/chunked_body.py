"""Middleware for chunked bodies that are not well-formed: a refusal, not a failure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ChunkedBody:
    """Middleware that turns a server's own error about a chunk into an OSError.

    Werkzeug takes that for a client that has gone, and answers 400. Any other error
    would be a 500, which a stranger could cause: some bodies are read before it is
    known who sent them.
    """

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self._wsgi_app = wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Input(environ["wsgi.input"])
        return self._wsgi_app(environ, start_response)


class _Input:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, *size: int) -> bytes:
        try:
            part: bytes = self._stream.read(*size)
        except Exception:
            raise OSError("the body is not well-formed") from None
        return part
