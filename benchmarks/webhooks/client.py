"""A client that sends requests made beforehand over connections that it keeps."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence

SECONDS = 60
IDLE_SECONDS = 1
"""gunicorn closes a connection that is idle for two."""


def send_all(port: int, requests: Sequence[bytes], connections: int) -> float:
    """Send *requests*, each connection one after the other; return requests a second.

    :raises RuntimeError: if one is not answered 204.
    """
    began = time.perf_counter()
    _send(port, requests, connections, lambda number: None)
    return len(requests) / (time.perf_counter() - began)


def send_at(
    port: int, requests: Sequence[bytes], connections: int, rate: float
) -> list[float]:
    """Send *rate* requests a second; return how long each took, in seconds.

    The time counts from when a request was due, so that a server that is slow for a
    while can't hide it by being asked less.

    :raises RuntimeError: if one is not answered 204.
    """
    began = time.perf_counter() + 0.1

    def wait(number: int) -> None:
        time.sleep(max(0.0, began + number / rate - time.perf_counter()))

    ended = _send(port, requests, connections, wait)
    return [at - began - number / rate for number, at in enumerate(ended)]


def _send(
    port: int, requests: Sequence[bytes], connections: int, wait: Callable[[int], None]
) -> list[float]:
    numbers, ended = itertools.count(), [0.0] * len(requests)
    failed: list[OSError] = []

    def work() -> None:
        peer, used = _connect(port), time.perf_counter()
        try:
            while (number := next(numbers)) < len(requests) and not failed:
                wait(number)
                if time.perf_counter() - used > IDLE_SECONDS:
                    peer.close()
                    peer = _connect(port)
                _ask(peer, requests[number])
                ended[number] = used = time.perf_counter()
        except OSError as error:
            failed.append(error)
        finally:
            peer.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"a request failed: {failed[0]}")
    return ended


def _connect(port: int) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), SECONDS)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def _ask(peer: socket.socket, request: bytes) -> None:
    peer.sendall(request)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        received = peer.recv(65_536)
        if not received:
            raise ConnectionError("closed")
        answer += received
    if not answer.startswith(b"HTTP/1.1 204"):
        raise ConnectionError(answer[:80])
