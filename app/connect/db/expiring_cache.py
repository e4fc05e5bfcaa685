"""A cache with a TTL and a bounded size, one for each worker process."""

import threading
import time
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

CACHE_SIZE: Final = 10_000

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ExpiringCache(Generic[_K, _V]):
    """Values by key, each kept for *seconds*; thread-safe.

    When *size* values are kept, a new one evicts the one that was put in first.
    """

    def __init__(self, seconds: float, *, size: int = CACHE_SIZE) -> None:
        self._seconds = seconds
        self._size = size
        self._entries: dict[_K, tuple[float, _V]] = {}
        self._version = 0
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """How often something was forgotten; see :meth:`put`."""
        return self._version

    def get(self, key: _K) -> _V | None:
        """Return a value; None if there is none, or if it has expired."""
        entry = self._entries.get(key)
        return entry[1] if entry and time.monotonic() < entry[0] else None

    def put(self, key: _K, value: _V, *, version: int | None = None) -> None:
        """Keep a value from now on.

        *version* is the cache's from before the value was looked up: if anything
        was forgotten since, the value may be out of date and is not kept.
        """
        with self._lock:
            self._entries.pop(key, None)
            if not self._seconds or version not in (None, self._version):
                return
            if len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (time.monotonic() + self._seconds, value)

    def forget(self, key: _K) -> None:
        """Drop what is kept for *key*."""
        with self._lock:
            self._version += 1
            self._entries.pop(key, None)
