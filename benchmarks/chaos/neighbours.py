"""The app's neighbours: a host and key servers whose answers can be made bad."""

import contextlib
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator

Answer = tuple[int, str, bytes]
"""Status, content type and body."""

HTML = b"<!doctype html><title>Sign in to the network</title>" + b"<p>Hello" * 200
_MEBIBYTE = 1024 * 1024
_RST = struct.pack("ii", 1, 0)


class Server:
    """An HTTP server, one thread for each connection, that answers what is asked.

    ``modes`` maps the start of a path to what is wrong with the answers there:

    * ``slow``: they take :attr:`slow_seconds`;
    * ``hang``: there are none;
    * ``reset``: the connection is reset instead;
    * ``drip``: their bodies arrive one byte a second;
    * ``html``: a page, with status 200;
    * ``bomb``: gzip that is :attr:`bomb_bytes` long when decompressed.
    """

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self._answer = answer
        self._stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self.modes: dict[str, str] = {}
        self.slow_seconds = 2.0
        self.bomb_bytes = 64 * 1024 * 1024
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Accept connections, on the same port each time."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(256)
        self.port = self._listener.getsockname()[1]
        listener = self._listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse new connections, and end those that are there."""
        for each in (self._listener, *list(self._connections)):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def stop(self) -> None:
        """End the answers that wait, too."""
        self._stopped.set()
        self.close()

    def heal(self) -> None:
        """Answer well again, also those that wait for an answer now."""
        self.modes.clear()
        self._stopped.set()
        self._stopped = threading.Event()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(near,), daemon=True).start()

    def _handle(self, near: socket.socket) -> None:
        self._connections.add(near)
        try:
            with contextlib.suppress(OSError), near:
                self._serve(near)
        finally:
            self._connections.discard(near)

    def _serve(self, near: socket.socket) -> None:
        near.settimeout(60)
        while path := _read_path(near):
            found = [self.modes[start] for start in self.modes if start in path]
            mode = found[0] if found else ""
            if mode == "reset":
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                return
            if mode == "hang":
                self._stopped.wait(300)
                return
            if mode == "slow":
                self._stopped.wait(self.slow_seconds)
            if mode == "bomb":
                near.sendall(_head(200, "application/json", None, gzipped=True))
                for piece in _bomb(self.bomb_bytes):
                    near.sendall(piece)
                return
            status, kind, body = self._answer(path)
            if mode == "html":
                status, kind, body = 200, "text/html", HTML
            near.sendall(_head(status, kind, len(body)))
            if mode == "drip":
                for number in range(len(body)):
                    near.sendall(body[number : number + 1])
                    if self._stopped.wait(1):
                        break
                return
            near.sendall(body)


def _read_path(near: socket.socket) -> str:
    """Read a request, whose body is small; return its path, "" at the end."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = near.recv(65_536)
        if not piece:
            return ""
        head += piece
    return head.split(b" ", 2)[1].decode("ascii", "replace")


def _head(
    status: int, kind: str, length: int | None, *, gzipped: bool = False
) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {kind}"]
    lines.append("Connection: close" if length is None else f"Content-Length: {length}")
    if gzipped:
        lines.append("Content-Encoding: gzip")
    return "\r\n".join([*lines, "", ""]).encode()


def _bomb(size: int) -> Iterator[bytes]:
    """Yield gzip that is *size* bytes of JSON when decompressed."""
    gzip = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    yield gzip.compress(b"[")
    for _ in range(size // _MEBIBYTE):
        yield gzip.compress(b" " * _MEBIBYTE)
    yield gzip.compress(b"]") + gzip.flush()
