"""Who sends requests: genuine hosts, strangers and users, each at a constant rate."""

import base64
import http.client
import json
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jwt
from atlassian_jwt.url_utils import hash_url
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.signing import APP_KEY

BASE_URL = "https://app.example.com"
PATH = "/installed"
SECONDS = 15
"""How long a sender waits for an answer."""


@dataclass(frozen=True)
class Message:
    """A request, ready to be sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None = None


@dataclass
class Sender:
    """Sends one message after another at *rate* per second, over new connections."""

    port: int
    rate: float
    messages: list[Message]
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def run(self, begin: float) -> None:
        """Send everything from the moment *begin* on, and wait for the answers."""
        # Open loop: a slow answer does not keep the next request from being sent.
        with ThreadPoolExecutor(int(self.rate * SECONDS) + 1) as pool:
            for number, message in enumerate(self.messages):
                time.sleep(max(0.0, begin + number / self.rate - time.monotonic()))
                pool.submit(self._send, message)

    def _send(self, message: Message) -> None:
        began, status = time.monotonic(), 0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, SECONDS)
        try:
            connection.request(
                message.method, message.path, message.body, message.headers
            )
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        self.statuses[status] += 1
        self.seconds.append(time.monotonic() - began)


def run_all(senders: list[Sender]) -> None:
    """Run all senders side by side."""
    begin = time.monotonic() + 0.5
    threads = [threading.Thread(target=each.run, args=(begin,)) for each in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def visits(path: str, count: int) -> list[Message]:
    """Return requests of a user."""
    return [Message("GET", path, {})] * count


def genuine(count: int, key: RSAPrivateKey) -> list[Message]:
    """Return installs of new sites, each signed with a key of a new key id."""

    def sign(claims: dict[str, Any]) -> str:
        headers = {"kid": f"real-{uuid.uuid4()}"}
        return jwt.encode(claims, key, "RS256", headers=headers)

    return list(_installs(count, sign))


def junk(count: int, _key: RSAPrivateKey) -> list[Message]:
    """Return installs with a token that is made up from beginning to end."""
    return list(_installs(count, lambda _: _unsigned({"iss": "x", "alg": "none"})))


def well_formed(count: int, _key: RSAPrivateKey) -> list[Message]:
    """Return installs in which everything is right but the signature."""
    return list(_installs(count, _unsigned))


def _installs(count: int, sign: Callable[[dict[str, Any]], str]) -> Iterator[Message]:
    for _ in range(count):
        client_key = str(uuid.uuid4())
        now = int(time.time())
        token = sign(
            {
                "iss": client_key,
                "sub": client_key,
                "aud": [BASE_URL],
                "iat": now,
                "exp": now + 600,
                "qsh": hash_url("POST", PATH),
            }
        )
        body = {
            "key": APP_KEY,
            "clientKey": client_key,
            "sharedSecret": "ATCO" + secrets.token_urlsafe(64),
            "baseUrl": f"https://{client_key}.atlassian.net/wiki",
            "productType": "confluence",
            "eventType": "installed",
        }
        headers = {"Authorization": f"JWT {token}", "Content-Type": "application/json"}
        yield Message("POST", PATH, headers, json.dumps(body))


def _unsigned(claims: dict[str, Any]) -> str:
    header = {"typ": "JWT", "alg": claims.pop("alg", "RS256"), "kid": str(uuid.uuid4())}
    parts = [json.dumps(part).encode() for part in (header, claims)]
    parts.append(secrets.token_bytes(256))
    return b".".join(map(_segment, parts)).decode()


def _segment(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
