"""The cache of static macros: what apps answered, for as long as they allowed.

A small browser cache: per person, ``max-age`` only, up to an hour, the newest 500
answers. ``no-store``, ``no-cache`` and answers without ``Cache-Control`` are not kept.
Assumed: these limits, because Confluence's own are not documented.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_SECONDS = 3600
MAX_ENTRIES = 500
MAX_AGE = re.compile(r'max-age="?(\d{1,9})"?')


def seconds_fresh(cache_control: str) -> int:
    """Return for how many seconds an answer can be reused."""
    directives = [each.strip().lower() for each in cache_control.split(",")]
    if any(each.partition("=")[0] in {"no-store", "no-cache"} for each in directives):
        return 0
    for each in directives:
        if found := MAX_AGE.fullmatch(each):
            return min(int(found[1]), MAX_SECONDS)
    return 0


class ResponseCache:
    """Answers by request; ``now`` counts seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, str]] = OrderedDict()

    def find(self, key: Hashable) -> str | None:
        """Return a fresh answer, None if there is no fresh one."""
        with self._lock:
            fresh_until, answer = self._kept.get(key, (0.0, ""))
            if self.now() < fresh_until:
                return answer
            self._kept.pop(key, None)
            return None

    def keep(self, key: Hashable, answer: str, seconds: int) -> None:
        """Keep an answer for this many seconds."""
        if seconds <= 0:
            return
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self.now() + seconds, answer)
            while len(self._kept) > MAX_ENTRIES:
                self._kept.popitem(last=False)
