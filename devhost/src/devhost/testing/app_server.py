"""The server of the app under test, on a port known before the app is created.

Its base URL is a setting of the app, so the port must come first.
"""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from devhost.server import POLL_SECONDS, QuietRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = "127.0.0.1"
# How long a stop waits for responses in progress.
DRAIN_SECONDS = 10.0


class ReservedPort:
    """A reserved port of this machine; it refuses connections until ``listen``."""

    def __init__(self) -> None:
        self._reservation = _bound_socket(0)
        self.number = int(self._reservation.getsockname()[1])

    @property
    def base_url(self) -> str:
        """The address of the app served here."""
        return f"http://{ADDRESS}:{self.number}"

    def listen(self) -> socket.socket:
        """Return a socket that accepts connections on this port."""
        listener = _bound_socket(self.number)
        listener.listen(128)
        return listener

    def close(self) -> None:
        """Release the port."""
        self._reservation.close()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A reserved socket that does not listen takes no connections from one that does.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((ADDRESS, port))
    return bound


class InFlight:
    """A WSGI application that counts its unfinished responses."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application
        self._changed = threading.Condition()
        self._count = 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request, and count it until its response is closed."""
        self._add(1)
        try:
            answer = self._application(environ, start_response)
        except BaseException:
            self._add(-1)
            raise
        return ClosingIterator(answer, lambda: self._add(-1))

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()

    def wait_until_none(self, seconds: float) -> bool:
        """Wait until every response is finished; False if that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)


class _SilentRequestHandler(QuietRequestHandler):
    """Logs nothing, because the host's log has the requests to the app."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def serve(application: Any, port: ReservedPort) -> Iterator[None]:
    """Serve a WSGI application in threads of this process while the block runs."""
    in_flight = InFlight(application)
    with port.listen() as listener:
        server = make_server(
            ADDRESS,
            port.number,
            in_flight,
            threaded=True,
            request_handler=_SilentRequestHandler,
            fd=listener.fileno(),
        )
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        in_flight.wait_until_none(DRAIN_SECONDS)
