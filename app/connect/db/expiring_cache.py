"""An in-memory cache with a TTL and a size limit, one per worker process."""

import threading
import time
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

CACHE_SIZE: Final = 10_000

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ExpiringCache(Generic[_K, _V]):
    """A thread-safe cache that keeps each value for *seconds*.

    When it is full, a new value evicts the one that was put in first.
    """

    def __init__(self, seconds: float, *, size: int = CACHE_SIZE) -> None:
        self._seconds = seconds
        self._size = size
        self._entries: dict[_K, tuple[float, _V]] = {}
        self._version = 0
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """How many times an entry was dropped; see :meth:`put`."""
        return self._version

    def get(self, key: _K) -> _V | None:
        """Return a value; None if it is missing or has expired."""
        entry = self._entries.get(key)
        return entry[1] if entry and time.monotonic() < entry[0] else None

    def put(self, key: _K, value: _V, *, version: int | None = None) -> None:
        """Store a value.

        *version* is the cache's version from before the value was looked up. If any
        entry was dropped since, the value may be out of date and is not stored.
        """
        with self._lock:
            self._entries.pop(key, None)
            if not self._seconds or version not in (None, self._version):
                return
            if len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (time.monotonic() + self._seconds, value)

    def forget(self, key: _K) -> None:
        """Drop the entry for *key*."""
        with self._lock:
            self._version += 1
            self._entries.pop(key, None)

    def discard(self, key: _K, value: _V) -> None:
        """Drop the entry for *key*, but only if it still has *value*."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry[1] == value:
                self._version += 1
                del self._entries[key]
