"""A server whose answers are written byte by byte, however wrong they are."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[socket.socket], object]
"""Answers one request on a connection, which is closed afterwards."""

DRIPS = 60
"""How many pieces a dripping server sends before it comes to an end."""

PAUSE = 0.02
"""The seconds between them: none of the pauses is a timeout, all together are."""


@contextmanager
def serve(*answers: Answer) -> Iterator[str]:
    """Run a server for the block; yield its origin.

    Each connection gets the answers in turn, one for each request.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, answers))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Closing it would not wake up the thread.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def sending(*parts: bytes) -> Answer:
    """Return an answer made of *parts*."""
    return lambda connection: connection.sendall(b"".join(parts))


def dripping(
    start: bytes, drip: bytes, end: bytes = b"", *, times: int = DRIPS
) -> Answer:
    """Return an answer that takes its time between *start* and *end*."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(DRIPS):
            time.sleep(PAUSE)
            connection.sendall(drip)
        connection.sendall(end)

    return answer


def _accept(listener: socket.socket, answers: tuple[Answer, ...]) -> None:
    threads = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            thread = threading.Thread(target=_answer, args=(connection, answers))
            thread.start()
            threads.append(thread)
    for thread in threads:
        thread.join()


def _answer(connection: socket.socket, answers: tuple[Answer, ...]) -> None:
    # The client may be gone: that is what these tests are about.
    with connection, suppress(OSError):
        for answer in answers:
            received = b""
            while b"\r\n\r\n" not in received:
                if not (part := connection.recv(65_536)):
                    return
                received += part
            answer(connection)
