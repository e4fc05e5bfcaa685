"""Install keys: Atlassian's public keys for signed installs, fetched by key id.

The key behind a key id never changes, so it is cached for a day, and for longer while
no server can be reached.

https://developer.atlassian.com/cloud/confluence/connect-active-api-migrations/
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import Final

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ..errors import InstallKeysUnavailableError, InvalidTokenError
from ..http.bounded_session import BoundedSession, Limits, TooLargeError

TIMEOUTS: Final = (3, 5)
"""Connect and read timeouts, in seconds."""

KEY_SECONDS: Final = 24 * 60 * 60
NO_SUCH_KEY_SECONDS: Final = 60
MAX_FETCHES: Final = 4
"""Key ids come from strangers, who can block this many threads but not all."""

_MAX_UNKNOWN = 1_000
_LIMITS = Limits(seconds=5, max_bytes=16_384, connect=TIMEOUTS[0], silence=TIMEOUTS[1])
_MIN_KEY_BITS = 2048
# A CDN may answer 403, too, for a file that it does not have.
_NO_SUCH_KEY_STATUSES = frozenset({400, 403, 404, 410})
_logger = logging.getLogger(__name__)


_Fetch = Future[RSAPublicKey | None]


class _Refusal(StrEnum):
    NO_SUCH_KEY = "has no such key"
    NOT_A_KEY = "did not answer with an RSA public key"
    OUTAGE = "could not be asked"


class InstallKeys:
    """Fetches and caches install keys; one per app, made by ``init_app``.

    *servers* are base URLs, tried in order.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = tuple(servers)
        self._session = BoundedSession()
        self._keys: dict[str, tuple[float, RSAPublicKey]] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._fetches: dict[str, _Fetch] = {}
        self._lock = threading.Lock()

    def get(self, key_id: str) -> RSAPublicKey:
        """Return the public key of a well-formed *key_id*.

        Concurrent calls for the same key id share one fetch.

        :raises InvalidTokenError: if no server has such a key.
        :raises InstallKeysUnavailableError: if the servers can't be asked right now.
        """
        key, fetch, ours = self._look_up(key_id)
        if ours and fetch is not None:
            self._run(fetch, key_id)
        if fetch is not None:
            key = fetch.result()
        if key is None:
            raise InvalidTokenError("kid is unknown to the key servers")
        return key

    def _look_up(self, key_id: str) -> tuple[RSAPublicKey | None, _Fetch | None, bool]:
        """Return a cached result, or the fetch to wait for and whether to run it."""
        now = time.monotonic()
        with self._lock:
            expires, key = self._keys.get(key_id, (0.0, None))
            if now < expires:
                return key, None, False
            if now < self._unknown.get(key_id, 0.0):
                return None, None, False
            if key_id in self._fetches:
                return None, self._fetches[key_id], False
            if len(self._fetches) >= MAX_FETCHES:
                raise InstallKeysUnavailableError("too many key fetches at once")
            fetch = self._fetches[key_id] = Future()
            return None, fetch, True

    def _run(self, fetch: _Fetch, key_id: str) -> None:
        try:
            fetch.set_result(self._ask_servers(key_id))
        except BaseException as error:
            # Whatever it was, threads that wait for this fetch must get the error too.
            fetch.set_exception(error)
        finally:
            with self._lock:
                del self._fetches[key_id]

    def _ask_servers(self, key_id: str) -> RSAPublicKey | None:
        refusals = set()
        for server in self._servers:
            answer = _ask(self._session, f"{server}/{key_id}")
            if isinstance(answer, RSAPublicKey):
                with self._lock:
                    self._keys[key_id] = (time.monotonic() + KEY_SECONDS, answer)
                return answer
            _logger.warning("key server %s %s: kid=%s", server, answer, key_id)
            refusals.add(answer)
        if refusals == {_Refusal.NO_SUCH_KEY}:
            self._remember_unknown(key_id)
            return None
        with self._lock:
            _, stale = self._keys.get(key_id, (0.0, None))
        if stale is None and _Refusal.OUTAGE in refusals:
            raise InstallKeysUnavailableError("no key server could be asked")
        return stale

    def _remember_unknown(self, key_id: str) -> None:
        with self._lock:
            self._keys.pop(key_id, None)
            self._unknown[key_id] = time.monotonic() + NO_SUCH_KEY_SECONDS
            self._unknown.move_to_end(key_id)
            if len(self._unknown) > _MAX_UNKNOWN:
                self._unknown.popitem(last=False)


def _ask(session: BoundedSession, url: str) -> RSAPublicKey | _Refusal:
    try:
        response = session.call("GET", url, limits=_LIMITS)
    except TooLargeError:
        return _Refusal.NOT_A_KEY
    except requests.RequestException:
        return _Refusal.OUTAGE
    if response.status_code in _NO_SUCH_KEY_STATUSES:
        return _Refusal.NO_SUCH_KEY
    if response.status_code >= 500 or response.status_code in (408, 429):
        return _Refusal.OUTAGE
    if response.status_code != 200:
        return _Refusal.NOT_A_KEY
    return _read_key(response.content)


def _read_key(pem: bytes) -> RSAPublicKey | _Refusal:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return _Refusal.NOT_A_KEY
    if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_KEY_BITS:
        return key
    return _Refusal.NOT_A_KEY
