"""A fake host: checks the tokens of calls, and records them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from atlassian_jwt.url_utils import hash_url

from app.connect.http.bounded_session import BoundedSession
from app.connect.outbound.access_rules.checks import CallRules
from app.connect.outbound.access_rules.policy_cache import PolicyCache
from app.connect.outbound.client import HostClient
from app.connect.outbound.host_calls import HostCalls
from app.connect.outbound.request_time import RequestTime
from app.connect.outbound.retry import CallRetries
from app.connect.outbound.state import OutboundState
from app.connect.outbound.throttle import Throttle
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.tenants.stored_tenants import made_tenant

DISPLAY_SITE = "https://wiki.example.com/wiki"
JIRA_SITE = "https://example.atlassian.net"


def tenant_at(base_url: str, display_url: str | None = None) -> Tenant:
    """Return a tenant that is in no database."""
    return made_tenant(base_url=base_url, display_url=display_url or base_url)


def client_of(tenant: Tenant, session: BoundedSession | None = None) -> HostClient:
    """Return a client that works without an app, has every scope and never waits."""
    policies = PolicyCache(0)
    no_tokens: Any = None
    time = RequestTime(10)
    outbound = OutboundState(
        app_key=signing.APP_KEY,
        calls=HostCalls(time, session or BoundedSession(), sleep=lambda seconds: None),
        retries=CallRetries(time),
        throttle=Throttle(),
        rules=CallRules(["ADMIN"], policies=policies),
        policies=policies,
        tokens=no_tokens,
    )
    return HostClient(tenant, outbound, shared_secret=signing.SECRET)


def claims_of(authorization: str, *, secret: str = signing.SECRET) -> dict[str, Any]:
    """Check a token as a host does, and return its claims."""
    scheme, _, token = authorization.partition(" ")
    assert scheme == "JWT"
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=["HS256"],
        audience=signing.CLIENT_KEY,
        issuer=signing.APP_KEY,
        options={"require": ["iss", "aud", "iat", "exp", "qsh"]},
    )
    return claims


def assert_signed(
    request: Any, *, base_url: str = signing.SITE, secret: str = signing.SECRET
) -> None:
    """Check that a recorded request is signed for exactly that request."""
    assert request.url.startswith(base_url)
    claims = claims_of(request.headers["Authorization"], secret=secret)
    relative = request.url.removeprefix(base_url)
    assert claims["qsh"] == hash_url(request.method, relative)
    assert claims["exp"] - claims["iat"] == 180


@dataclass
class RawHost:
    """An HTTP server that records requests byte for byte."""

    origin: str
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """The next answers; after them, 200 with an empty object."""


@contextmanager
def serve_raw_host() -> Iterator[RawHost]:
    """Run a server on the loopback address while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            host.requests.append(
                {
                    "method": self.command,
                    "target": self.requestline.split(" ")[1],
                    "authorization": self.headers.get("Authorization", ""),
                    "body": self.rfile.read(length).decode(),
                }
            )
            status, body = host.answers.pop(0) if host.answers else (200, b"{}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = answer

        def log_message(self, *args: Any) -> None:
            """Keep the tests' output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = RawHost(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
