"""The state of a site's static macros: cached answers, and pending requests."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Self

from devhost.modules.macros.response_cache import ResponseCache
from devhost.site import Site


class StaticMacros:
    """The static macros of one site."""

    def __init__(self) -> None:
        self.cache = ResponseCache()
        self._lock = threading.Lock()
        self._asked: Counter[Hashable] = Counter()

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the static macros of *site*."""
        return cls()

    @contextmanager
    def asking(self, macro: Hashable) -> Iterator[None]:
        """Note that an app is being asked for the output of a macro."""
        with self._lock:
            self._asked[macro] += 1
        try:
            yield
        finally:
            with self._lock:
                self._asked[macro] -= 1

    def is_asked(self, macro: Hashable) -> bool:
        """Whether the app is currently being asked for the output of this macro."""
        with self._lock:
            return self._asked[macro] > 0
