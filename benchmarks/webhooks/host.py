"""The host: signs webhooks, sends them over a few connections, times the answers."""

import http.client
import json
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import jwt
from atlassian_jwt.url_utils import hash_url

from ..tenants import Site

PATH = "/webhooks/page_created"
CONNECTIONS = 8
TRIES = 5
SECONDS = 30
BEGIN = 1_763_712_000_000
"""The time of the first event, in milliseconds."""


@dataclass
class Host:
    """One site that sends webhooks."""

    site: Site
    port: int
    taken: set[int] = field(default_factory=set)
    """The numbers of the webhooks that were answered 204."""
    refused: int = 0
    """How many times there was another answer, or no answer."""
    seconds: list[float] = field(default_factory=list)

    def send(self, numbers: Iterable[int]) -> list[float]:
        """Send webhooks; return how long each answer took, in seconds."""
        self.seconds = []
        self._own = threading.local()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self._send, numbers))
        return self.seconds

    def _send(self, number: int) -> None:
        for _ in range(TRIES):
            began = time.perf_counter()
            status = self._post(number)
            self.seconds.append(time.perf_counter() - began)
            if status == 204:
                self.taken.add(number)
                return
            self.refused += 1

    def _post(self, number: int) -> int:
        body = json.dumps({"timestamp": BEGIN + number, "page": page(number)})
        headers = {
            "Authorization": f"JWT {self._token()}",
            "Content-Type": "application/json",
        }
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, SECONDS)
            self._own.connection = connection
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.site.client_key,
            "sub": "557058:00000000-1111-2222-3333-444444444444",
            "iat": now,
            "exp": now + 180,
            "qsh": hash_url("POST", PATH),
        }
        return jwt.encode(claims, self.site.secret, "HS256")


def page(number: int) -> dict[str, object]:
    """Return the page of an event, which names its number."""
    return {
        "id": number,
        "title": f"Page {number}",
        "spaceKey": "DS",
        "version": 1,
        "contentType": "page",
        "creatorAccountId": "557058:00000000-1111-2222-3333-444444444444",
        "creationDate": BEGIN + number,
        "self": f"https://site.atlassian.net/wiki/pages/{number}",
    }
