"""The server: the site on real sockets of this machine.

It listens on loopback only, because its administrator's password is public and it signs
whatever the person at the browser asks for.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from devhost.exchanges.log import ExchangeLog
from devhost.faults.switches import Faults
from devhost.install.further_sites import FurtherSites
from devhost.site import Site
from devhost.site.assumptions import Assumptions
from devhost.site.products import CONFLUENCE, PRODUCTS
from devhost.site.site import KEY_SETTINGS, Service
from devhost.site.state import State, StateError
from devhost.web import create_web, serve_site
from devhost.webhooks import Webhooks
from devhost.wiki import Wiki

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Not logged: our own pages' files and polling, and the request of `make run`.
UNLOGGED = (
    "/devhost/static/",
    "/devhost/vendor/",
    "/devhost/api/ready",
    "/devhost/api/exchanges",
    "/devhost/api/webhooks/deliveries",
)
# Services that read the state, which may be unusable, or listen from the start.
AT_START: tuple[type[Service], ...] = (Assumptions, Wiki, Webhooks)
# The key of a request's response in its WSGI environment.
ANSWER = "devhost.answer"
# The longest wait for the accepting threads to notice a stop.
POLL_SECONDS = 0.02

logger = logging.getLogger("devhost")


class QuietRequestHandler(WSGIRequestHandler):
    """Logs path and status, but never a query string, which may contain a token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = getattr(self, "path", "-").partition("?")[0]
        if not path.startswith(UNLOGGED):
            line = f"{getattr(self, 'command', '-')} {path}"
            logger.info("%s %s", line.encode("unicode_escape").decode(), str(code))

    def connection_dropped(
        self, error: BaseException, environ: "WSGIEnvironment | None" = None
    ) -> None:
        # werkzeug does not close a response if the client is gone after it is sent.
        close = getattr((environ or {}).get(ANSWER), "close", None)
        if close is not None:
            close()

    def log(self, type: str, message: str, *args: object) -> None:
        # For example a malformed request line, which the message may quote.
        logger.debug("refused a malformed request")


class LocalConfluence:
    """One local Confluence, served by threads of this process.

    Use it as a context manager, or with ``start`` and ``stop``.
    """

    def __init__(
        self,
        port: int = 0,
        state: str | Path = ":memory:",
        product: str = CONFLUENCE.name,
        *,
        fresh: bool = False,
    ) -> None:
        """Bind *port* (0: any free one) and open *state*, for a site of *product*.

        With *fresh*, forget what the state contains.

        :raises KeyError: if there is no such product.
        :raises OSError: if the port is in use.
        :raises StateError: if the state file cannot be used.
        """
        self._product = PRODUCTS[product]
        # First, because whoever else has the port may also have the state.
        listener = _listen(socket.AF_INET, "127.0.0.1", port)
        try:
            self._state = State(state, product, fresh=fresh)
        except StateError:
            listener.close()
            raise
        self.port = int(listener.getsockname()[1])
        # A reset starts from these.
        self._fresh: Site | None = None
        self.site = self._new_site()
        self.web = create_web(self.site)
        self._servers = [_server(self.web, "127.0.0.1", listener)]
        # A browser may try localhost as ::1 first; it falls back if that port is taken.
        with contextlib.suppress(OSError):
            ipv6 = _listen(socket.AF_INET6, "::1", self.port)
            self._servers.append(_server(self.web, "::1", ipv6))
        self._threads: list[threading.Thread] = []

    @property
    def base_url(self) -> str:
        """The site's base URL, such as ``http://localhost:8090/wiki``."""
        return self.site.base_url

    @property
    def origin(self) -> str:
        """The site's origin, such as ``http://localhost:8090``."""
        return self.site.origin

    @property
    def exchanges(self) -> ExchangeLog:
        """Every message between this host and its apps."""
        return self.site.get(ExchangeLog)

    @property
    def assumptions(self) -> Assumptions:
        """The assumptions that this host makes about Confluence."""
        return self.site.get(Assumptions)

    @property
    def faults(self) -> Faults:
        """The faults: what this host does wrong on purpose."""
        return self.site.get(Faults)

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks: what the apps were sent, and what else can be sent."""
        return self.site.get(Webhooks)

    def start(self) -> Self:
        """Start to answer requests."""
        for server in self._servers:
            thread = threading.Thread(
                target=server.serve_forever, args=(POLL_SECONDS,), daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def _new_site(self) -> Site:
        site = Site(
            self._state,
            port=self.port,
            product=self._product,
            open_site=self._further_site,
        )
        for service in AT_START:
            site.get(service)
        return site

    def _further_site(self) -> "LocalConfluence":
        return LocalConfluence(product=self._product.name)

    def reset(self) -> None:
        """Serve a fresh site instead, on the same port and with the same keys.

        Everything else is new: a site's memory is either in the state or belongs to
        ``Site``, so that nothing has to be listed here. A request that is being
        answered meanwhile is finished by the old site.
        """
        with self.site.lifecycle_lock:
            old = self.site
            old.get(FurtherSites).stop_all()
            old.get(Webhooks).stop()
            fresh = self._fresh_site()
            self._state.copy_from(fresh.state)
            self.site = self._new_site()
            self.site.share_keys(fresh)
            serve_site(self.web, self.site)

    def _fresh_site(self) -> Site:
        if self._fresh is None:
            state = State(product=self._product.name)
            self._fresh = Site(state, port=self.port, product=self._product)
            # Filling a wiki is the slow part.
            self._fresh.get(Wiki)
            self._fresh.share_keys(self.site)
            for name in KEY_SETTINGS:
                state.set_setting(name, str(self._state.find_setting(name)))
        return self._fresh

    def stop(self) -> None:
        """Stop answering, and close sockets and state."""
        self.site.get(FurtherSites).stop_all()
        for server in self._servers:
            if self._threads:
                server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self.site.get(Webhooks).stop()
        self._state.close()
        if self._fresh is not None:
            self._fresh.state.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _noting_answers(web: Flask) -> "WSGIApplication":
    """Wrap *web*, so that the request handler can close its responses."""

    def application(
        environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        answer = web(environ, start_response)
        environ[ANSWER] = answer
        return answer

    return application


def _server(web: Flask, host: str, listener: socket.socket) -> BaseWSGIServer:
    with listener:
        # werkzeug creates its own socket from the file descriptor.
        return make_server(
            host,
            listener.getsockname()[1],
            _noting_answers(web),
            threaded=True,
            request_handler=QuietRequestHandler,
            fd=listener.fileno(),
        )
