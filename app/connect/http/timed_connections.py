"""HTTP connections that end at a deadline, whatever the server does.

A socket's timeout begins anew with every byte, so a server that sends one now and then
is waited for without end. Here the timeout of each read and write is at most what is
left until the deadline: while sending, for the headers, for the size of a chunk and for
the body. What it cannot end is the search for the server's address, and a connection
attempt to each of several addresses: each has the connect timeout.
"""

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import pool_classes_by_scheme

_BLOCK = 65_536
_deadline: ContextVar[float] = ContextVar("connect.deadline", default=math.inf)


@contextmanager
def ends_at(moment: float) -> Iterator[None]:
    """End what is sent and received in the block at *moment* of ``time.monotonic``.

    What is still under way then fails with a read timeout.
    """
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


class TimedAdapter(HTTPAdapter):
    """Pools connections that keep to :func:`ends_at`, through a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Return the pools for connections through *proxy*."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        # A SOCKS proxy's pools have connections of their own.
        if manager.pool_classes_by_scheme is pool_classes_by_scheme:
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _TimedReader(io.RawIOBase):
    """Reads a socket, waiting until the deadline at most."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        _set_timeout(self._sock, self._timeout)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What an HTTPResponse needs of a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock))


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **kwargs)  # type: ignore[arg-type]  # Only makefile is used.


class _TimedHTTPConnection(HTTPConnection):
    response_class = _TimedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            super().send(data)
        elif isinstance(data, bytes) and len(data) > _BLOCK:
            # Sent at once, each part of it could take as long as the timeout.
            for start in range(0, len(data), _BLOCK):
                self.send(data[start : start + _BLOCK])
        else:
            _set_timeout(self.sock, self.timeout)
            super().send(data)


class _TimedHTTPSConnection(_TimedHTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


def _set_timeout(sock: socket.socket, longest: float | None) -> None:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    if longest is None or left < longest:
        longest = None if left == math.inf else left
    sock.settimeout(longest)
