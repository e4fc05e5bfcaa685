"""Sending of one delivery: signed, with a time limit for the whole request.

https://developer.atlassian.com/cloud/confluence/modules/webhook/
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.masking import mask_headers
from devhost.exchanges.message import Headers
from devhost.exchanges.outbound import RecordingAdapter, Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.site import Site
from devhost.site.installations import Installation
from devhost.tokens.signing import webhook_token
from devhost.webhooks.deliveries import Delivery
from devhost.webhooks.events import content_type

# For the whole request, as in Confluence's host code; see TIMEOUTS for its parts.
TOTAL_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """The outcome of a delivery."""

    status: int | None
    failure: str
    sent_at: float
    milliseconds: float
    request_headers: Headers

    @property
    def outcome(self) -> str:
        """The outcome by name; Confluence accepts 200 and 204, this host any 2xx."""
        if self.status is None:
            return "failed"
        return "delivered" if 200 <= self.status < 300 else "refused"


class OpenSockets:
    """The sockets of requests in progress; closing them ends the requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._is_shut = False

    def add(self, opened: socket.socket) -> None:
        """Add a socket; one that comes too late is shut down at once."""
        with self._lock:
            self._sockets.add(opened)
            is_shut = self._is_shut
        if is_shut:
            _shut(opened)

    def forget(self, opened: set[socket.socket]) -> None:
        """Remove sockets whose request is over."""
        with self._lock:
            self._sockets -= opened

    def shut(self) -> None:
        """End every request in progress, and every one that begins later."""
        with self._lock:
            self._is_shut = True
            opened = list(self._sockets)
        for each in opened:
            _shut(each)


def _shut(opened: socket.socket) -> None:
    with contextlib.suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


class _Adapter(RecordingAdapter):
    """Records the socket of its one request, so that another thread can close it."""

    def __init__(self, sender: Sender, all_sockets: OpenSockets) -> None:
        super().__init__(sender)
        self._all_sockets = all_sockets
        self.own: set[socket.socket] = set()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        new_connection = pool.ConnectionCls

        def remembering(*args: Any, **options: Any) -> Any:
            connection = new_connection(*args, **options)
            connect = connection.connect

            def connect_and_remember() -> None:
                connect()
                self.own.add(connection.sock)
                self._all_sockets.add(connection.sock)

            connection.connect = connect_and_remember
            return connection

        pool.ConnectionCls = remembering
        return pool


def send(
    site: Site, app: Installation, delivery: Delivery, all_sockets: OpenSockets
) -> Answer:
    """Post a delivery with its own token, and return the outcome."""
    notes = {"webhook": delivery.event, "delivery": f"#{delivery.id}"}
    sender = Sender(site.get(ExchangeLog), "webhook", app.app_key, app.base_path, notes)
    adapter = _Adapter(sender, all_sockets)
    with new_session() as session:
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        request = _signed(session, app, delivery)
        sent_at, begin = time.time(), time.perf_counter()
        try:
            with _limit(adapter.own) as expired:
                status, failure = _send(session, request)
        finally:
            all_sockets.forget(adapter.own)
        milliseconds = (time.perf_counter() - begin) * 1000
    if status is None and expired.is_set():
        failure = "timed out"
    headers = mask_headers(
        tuple((name, str(value)) for name, value in request.headers.items())
    )
    return Answer(status, failure, sent_at, milliseconds, headers)


def _signed(
    session: requests.Session, app: Installation, delivery: Delivery
) -> requests.PreparedRequest:
    headers = {}
    body = None if delivery.body is None else delivery.body.encode("utf-8")
    if body is not None:
        headers["Content-Type"] = content_type(delivery.event)
    request = session.prepare_request(
        requests.Request("POST", delivery.url, data=body, headers=headers)
    )
    # Signed as it will be sent, because preparing may encode parts of the URL.
    token = webhook_token(app, "POST", request.path_url, delivery.account_id)
    request.headers["Authorization"] = f"JWT {token}"
    return request


@contextlib.contextmanager
def _limit(own: set[socket.socket]) -> Iterator[threading.Event]:
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        for each in list(own):
            _shut(each)

    timer = threading.Timer(TOTAL_SECONDS, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _send(
    session: requests.Session, request: requests.PreparedRequest
) -> tuple[int | None, str]:
    try:
        answer = session.send(request, timeout=TIMEOUTS, allow_redirects=False)
    except requests.Timeout:
        return None, "timed out"
    except requests.exceptions.SSLError:
        return None, "SSL error"
    except requests.RequestException:
        return None, "no connection"
    return answer.status_code, ""
