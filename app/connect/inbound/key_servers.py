"""Key servers: ask all of them for an install key, over kept-alive connections.

https://developer.atlassian.com/cloud/confluence/connect-active-api-migrations/
"""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import IntEnum
from typing import Final

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ..http.bounded_session import BoundedSession, Limits, TooLargeError
from ..metrics import KEY_FETCHES

TIMEOUTS: Final = (3, 4)
"""Connect and read timeouts, in seconds."""

ANSWER_SECONDS: Final = 4
"""How long an answer may take in all; Atlassian hangs up after 5 seconds."""

MAX_QUESTIONS: Final = 16
"""How many key ids each server is asked for at once."""

_MAX_BYTES = 16_384
_MIN_KEY_BITS = 2048
_NO_SUCH_KEY_STATUSES = frozenset({404, 410})
# A CDN may answer so, too, for a file that it does not have; or it has shut us out.
_DENIED_STATUSES = frozenset({400, 403})
_logger = logging.getLogger(__name__)


class Refusal(IntEnum):
    """Why there is no key; the worst that a server said counts for all of them."""

    NO_SUCH_KEY = 1
    DENIED = 2
    NOT_A_KEY = 3
    OUTAGE = 4

    def __str__(self) -> str:
        return _SAID[self]


_SAID = {
    Refusal.NO_SUCH_KEY: "has no such key",
    Refusal.DENIED: "refused to answer",
    Refusal.NOT_A_KEY: "did not answer with an RSA public key",
    Refusal.OUTAGE: "could not be asked",
}

Answer = RSAPublicKey | Refusal


class KeyServers:
    """Asks key servers; *servers* are base URLs, to which ``/{kid}`` is appended."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = tuple(servers)
        self._session = BoundedSession()
        # Threads of its own, so that a caller can stop waiting at any time. They start
        # with the first question: after the fork, if gunicorn has loaded the app.
        self._threads = ThreadPoolExecutor(
            len(self._servers) * MAX_QUESTIONS, thread_name_prefix="key-servers"
        )

    def ask(self, key_id: str) -> Future[Answer]:
        """Ask every server at once; the first key wins, or else the worst refusal."""
        question = _Question(len(self._servers))
        give_up_at = time.monotonic() + ANSWER_SECONDS
        for number in range(len(self._servers)):
            self._threads.submit(self._ask, number, key_id, question, give_up_at)
        return question.answer

    def _ask(
        self, number: int, key_id: str, question: "_Question", give_up_at: float
    ) -> None:
        server, outcome = self._servers[number], "key"
        try:
            answer = self._fetch(f"{server}/{key_id}", give_up_at)
        except BaseException as error:
            # Whatever it was, threads that wait for an answer must get it.
            question.fail(error)
            raise
        if isinstance(answer, Refusal):
            outcome = answer.name.lower()
            # A key id that somebody made up is no fault of the server's.
            level = logging.INFO if answer <= Refusal.DENIED else logging.WARNING
            _logger.log(level, "key server %s %s: kid=%s", server, answer, key_id)
        KEY_FETCHES.labels(str(number + 1), outcome).inc()
        question.note(answer)

    def _fetch(self, url: str, give_up_at: float) -> Answer:
        limits = Limits(
            seconds=give_up_at - time.monotonic(),
            max_bytes=_MAX_BYTES,
            connect=TIMEOUTS[0],
            silence=TIMEOUTS[1],
        )
        try:
            response = self._session.call("GET", url, limits=limits)
        except TooLargeError:
            return Refusal.NOT_A_KEY
        except requests.RequestException:
            return Refusal.OUTAGE
        if response.status_code in _NO_SUCH_KEY_STATUSES:
            return Refusal.NO_SUCH_KEY
        if response.status_code in _DENIED_STATUSES:
            return Refusal.DENIED
        if response.status_code >= 500 or response.status_code in (408, 429):
            return Refusal.OUTAGE
        if response.status_code != 200:
            return Refusal.NOT_A_KEY
        if response.content.lstrip()[:1] == b"<":
            # The page of a proxy, or of maintenance, says nothing about the key.
            return Refusal.OUTAGE
        return read_key(response.content) or Refusal.NOT_A_KEY


class _Question:
    """One key id, and what the servers have answered so far."""

    def __init__(self, servers: int) -> None:
        self.answer: Future[Answer] = Future()
        self._left = servers
        self._open = True
        self._worst = Refusal.NO_SUCH_KEY
        self._lock = threading.Lock()

    def note(self, answer: Answer) -> None:
        """Count one server's answer."""
        with self._lock:
            self._left -= 1
            if isinstance(answer, Refusal):
                answer = self._worst = max(self._worst, answer)
                if self._left:
                    return
            if not self._close():
                return
        self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Hand an error of ours to whoever waits."""
        with self._lock:
            if not self._close():
                return
        self.answer.set_exception(error)

    def _close(self) -> bool:
        """Return whether the answer is still to be given; true only once."""
        was_open, self._open = self._open, False
        return was_open


def read_key(pem: bytes) -> RSAPublicKey | None:
    """Return the RSA key of 2048 bits or more in a PEM file; None if it is no such."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_KEY_BITS:
        return key
    return None
