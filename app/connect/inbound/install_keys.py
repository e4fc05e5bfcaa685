"""Install keys: Atlassian's public keys for signed installs, looked up by key id.

The key behind a key id never changes. One that has verified an install is good from
then on, in this process and, through ``known_keys``, in others and after a restart.
Once a day it is fetched again in the background, in case it was withdrawn; nobody
waits for that. Only a key id that nobody has verified an install with is worth asking
the key servers about while a request waits, and how many may wait is limited in
``fetch_slots``.

https://developer.atlassian.com/cloud/confluence/connect-active-api-migrations/
"""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..errors import InstallKeysUnavailableError, InvalidTokenError
from .fetch_slots import QUICK_SECONDS, FetchSlots
from .key_servers import ANSWER_SECONDS, Answer, KeyServers, Refusal
from .known_keys import MAX_KNOWN, KnownKeys

KEY_SECONDS: Final = 24 * 60 * 60
"""How old a good key is when it is fetched again."""

ANSWER_KEPT_SECONDS: Final = 60
"""How long an answer is kept that has not verified an install."""

SLOT_SECONDS: Final = 3
"""How long a request waits for a slot at most."""

_MAX_ANSWERS = 1_000


class InstallKeys:
    """Looks up install keys; one per app, made by ``init_app``."""

    def __init__(self, servers: KeyServers, known: KnownKeys) -> None:
        self._servers = servers
        self._known = known
        self._slots = FetchSlots()
        # Key ids that verified an install, and when to fetch each again.
        self._good: OrderedDict[str, tuple[float, RSAPublicKey]] = OrderedDict()
        # What the servers said about others; None if there is no such key.
        self._answers: OrderedDict[str, tuple[float, RSAPublicKey | None]]
        self._answers = OrderedDict()
        self._fetches: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()

    def get(self, key_id: str) -> RSAPublicKey:
        """Return the public key of a well-formed *key_id*.

        It takes four seconds at most. Concurrent calls for a key id share one fetch.

        :raises InvalidTokenError: if no server has such a key.
        :raises InstallKeysUnavailableError: if the servers can't be asked right now.
        """
        give_up_at = time.monotonic() + ANSWER_SECONDS
        answer: Answer | None = self.find(key_id)
        if answer is None:
            answer = self._wait_for_servers(key_id, give_up_at)
        if answer is Refusal.OUTAGE:
            raise InstallKeysUnavailableError("no key server could be asked")
        return _or_refuse(None if isinstance(answer, Refusal) else answer)

    def find(self, key_id: str) -> RSAPublicKey | None:
        """Return a key that is at hand, without asking a server.

        :raises InvalidTokenError: if the servers have just said that there is none.
        """
        now = time.monotonic()
        refresh_at, key = self._good.get(key_id, (0.0, None))
        if key is None:
            is_kept, key = self._kept_answer(key_id, now)
            if is_kept:
                return _or_refuse(key)
            if (known := self._known.find(key_id)) is None:
                return None
            key, age = known
            refresh_at = now + KEY_SECONDS - age
            self._remember_good(key_id, key, refresh_at)
        if now >= refresh_at:
            self._refresh(key_id, key, now)
        return key

    def confirm(self, key_id: str, key: RSAPublicKey) -> None:
        """Note that a key has verified a token for this app, so it is a good one.

        Not if it was withdrawn since it was found.
        """
        now = time.monotonic()
        if key_id not in self._good and self._kept_answer(key_id, now) != (True, None):
            self._remember_good(key_id, key, now + KEY_SECONDS)
            self._known.keep(key_id, key)

    def _kept_answer(self, key_id: str, now: float) -> tuple[bool, RSAPublicKey | None]:
        until, key = self._answers.get(key_id, (0.0, None))
        return now < until, key

    def _wait_for_servers(self, key_id: str, give_up_at: float) -> Answer:
        with self._slots.slot(seconds=SLOT_SECONDS):
            fetch = self._fetch(key_id)
            try:
                return fetch.result(QUICK_SECONDS)
            except TimeoutError:
                self._slots.note_slow()
            try:
                return fetch.result(max(0.0, give_up_at - time.monotonic()))
            except TimeoutError:
                return Refusal.OUTAGE

    def _fetch(self, key_id: str) -> Future[Answer]:
        """Return the one fetch of a key id, which may be under way or even done."""
        now = time.monotonic()
        with self._lock:
            is_kept, key = self._kept_answer(key_id, now)
            if is_kept:
                done: Future[Answer] = Future()
                done.set_result(key or Refusal.NO_SUCH_KEY)
                return done
            if (fetch := self._fetches.get(key_id)) is not None:
                return fetch
            fetch = self._fetches[key_id] = self._servers.ask(key_id)
        fetch.add_done_callback(partial(self._note_fetched, key_id, now))
        return fetch

    def _note_fetched(self, key_id: str, began: float, fetch: Future[Answer]) -> None:
        now = time.monotonic()
        if now - began < QUICK_SECONDS:
            self._slots.note_quick()
        answer = None if fetch.exception() else fetch.result()
        with self._lock:
            del self._fetches[key_id]
            if isinstance(answer, RSAPublicKey):
                self._keep_answer(key_id, answer, now)
            elif answer in (Refusal.NO_SUCH_KEY, Refusal.DENIED):
                self._keep_answer(key_id, None, now)

    def _refresh(self, key_id: str, key: RSAPublicKey, now: float) -> None:
        """Fetch a good key again in the background; once a minute while that fails."""
        with self._lock:
            if now < self._good.get(key_id, (0.0, key))[0]:
                return
            self._good[key_id] = (now + ANSWER_KEPT_SECONDS, key)
        fetch = self._servers.ask(key_id)
        fetch.add_done_callback(partial(self._note_refreshed, key_id))

    def _note_refreshed(self, key_id: str, fetch: Future[Answer]) -> None:
        answer, now = None if fetch.exception() else fetch.result(), time.monotonic()
        if isinstance(answer, RSAPublicKey):
            self._remember_good(key_id, answer, now + KEY_SECONDS)
            self._known.keep(key_id, answer)
        elif answer is Refusal.NO_SUCH_KEY:
            # It was withdrawn.
            with self._lock:
                self._good.pop(key_id, None)
                self._keep_answer(key_id, None, now)
            self._known.drop(key_id)

    def _remember_good(self, key_id: str, key: RSAPublicKey, refresh_at: float) -> None:
        with self._lock:
            self._good[key_id] = (refresh_at, key)
            if len(self._good) > MAX_KNOWN:
                self._good.popitem(last=False)

    def _keep_answer(self, key_id: str, key: RSAPublicKey | None, now: float) -> None:
        self._answers[key_id] = (now + ANSWER_KEPT_SECONDS, key)
        self._answers.move_to_end(key_id)
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)


def _or_refuse(key: RSAPublicKey | None) -> RSAPublicKey:
    if key is None:
        raise InvalidTokenError("kid is unknown to the key servers")
    return key
