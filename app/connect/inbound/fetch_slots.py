"""Fetch slots: how many threads may wait for the key servers, and for how long.

Anyone can make up a key id, and nothing but the key servers tells a made-up one from
a new one. So while they answer quickly, nearly every thread may wait for them, which
is the most that the app can check. While they are slow, only a few threads may. And
over time all fetches together get a share of the threads only: the others are for the
rest of the app.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import InstallKeysUnavailableError

QUICK_SECONDS: Final = 0.5
"""An answer within this time is a quick one."""

QUICK_SLOTS: Final = 16
SLOW_SLOTS: Final = 3
WAITING: Final = 2
"""How many threads wait for a slot; gunicorn has 8 of them in each worker."""

THREADS: Final = 6
"""How many threads may wait on average; a token bucket of thread-seconds."""

SAVED_SECONDS: Final = 20
"""How many thread-seconds the bucket holds."""

LEAST_SECONDS: Final = 0.1
"""What a fetch costs at least, so a process makes no more than 60 a second."""

_TOO_MANY = "too many key fetches at once; the host can send the install again"


class FetchSlots:
    """Limits the threads that wait for the key servers; one per process."""

    def __init__(self) -> None:
        self._slots = QUICK_SLOTS
        self._taken = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        # Thread-seconds that are used and not paid back yet, and when it was counted.
        self._debt = 0.0
        self._counted_at = time.monotonic()

    @contextmanager
    def slot(self, *, seconds: float) -> Iterator[None]:
        """Take a slot for a ``with`` block; first come, first served.

        :raises InstallKeysUnavailableError: if none is free within *seconds*, if enough
            threads are waiting for one, or if fetches have used up their share.
        """
        self._take(seconds)
        began = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._debt += max(LEAST_SECONDS, time.monotonic() - began)
                self._taken -= 1
                self._changed.notify_all()

    def _take(self, seconds: float) -> None:
        ticket = object()
        with self._changed:
            self._pay_back()
            is_free = self._taken < self._slots and not self._queue
            if self._debt >= SAVED_SECONDS or (
                not is_free and len(self._queue) >= WAITING
            ):
                raise InstallKeysUnavailableError(_TOO_MANY)
            self._queue.append(ticket)
            try:
                if not self._changed.wait_for(lambda: self._is_turn(ticket), seconds):
                    raise InstallKeysUnavailableError(_TOO_MANY)
                self._taken += 1
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _is_turn(self, ticket: object) -> bool:
        return self._queue[0] is ticket and self._taken < self._slots

    def _pay_back(self) -> None:
        now = time.monotonic()
        self._debt = max(0.0, self._debt - (now - self._counted_at) * THREADS)
        self._counted_at = now

    def note_quick(self) -> None:
        """Open all slots: the key servers have just answered quickly."""
        with self._changed:
            self._slots = QUICK_SLOTS
            self._changed.notify_all()

    def note_slow(self) -> None:
        """Leave only a few slots; call it from within one.

        :raises InstallKeysUnavailableError: if the caller is one too many now.
        """
        with self._changed:
            self._slots = SLOW_SLOTS
            if self._taken > self._slots:
                raise InstallKeysUnavailableError("the key servers are slow")
