"""A proxy in front of a real server that can fall silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SilentProxy:
    """Passes bytes on until ``silent`` is set; then it accepts, and nothing more."""

    def __init__(self, server: tuple[str, int], listener: socket.socket) -> None:
        self.silent = False
        self.address: tuple[str, int] = listener.getsockname()
        self._server = server
        self._listener = listener
        self._sockets: list[socket.socket] = []

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for source, target in ((client, server), (server, client)):
                    pair = (source, target)
                    threading.Thread(target=self._pass_on, args=pair).start()

    def close(self) -> None:
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65_536):
                if not self.silent:
                    target.sendall(part)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def silent_proxy(host: str, port: int) -> Iterator[SilentProxy]:
    """Run a proxy to a server for the block."""
    proxy = SilentProxy((host, port), socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
