"""The load: a few threads that send a mix of requests at a steady pace."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from . import sites
from .caller import CALL, Caller
from .journal import Answer

THREADS = 6
RATE = 60
"""Requests a second of all threads, well below what two workers can answer."""

PULSE = 0.05
"""Seconds."""

MIX = {"page": 6, "call": 2, "webhook": 4, "install": 3, "rotation": 1, "health": 1}
MIX |= {"forged": 4}
"""How often each kind is sent."""


class Load:
    """Sends a mix of requests inside a ``with`` block.

    The kind ``new key`` is an install whose key id the app has not seen.
    """

    def __init__(self, caller: Caller, mix: Mapping[str, int] = MIX) -> None:
        self._caller = caller
        self._kinds = list(mix)
        self._weights = list(mix.values())
        self._over = threading.Event()
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)
        ]
        self._actions: Mapping[str, Callable[[], Answer]] = {
            "page": self._page,
            "call": self._call,
            "webhook": self._webhook,
            "install": self._install,
            "new key": self._install_with_new_key,
            "rotation": self._rotate,
            "health": caller.health,
            "forged": caller.forge_any,
        }

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        threading.Thread(target=self._watch_the_clock, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _run(self) -> None:
        pause = THREADS / RATE
        try:
            while not self._over.is_set():
                began = time.monotonic()
                [kind] = random.choices(self._kinds, self._weights)  # noqa: S311 - no secret
                self._actions[kind]()
                self._over.wait(max(0.0, pause - (time.monotonic() - began)))
        except BaseException as error:
            self._error = error

    def _watch_the_clock(self) -> None:
        """Note how late this process is at worst, which the app must not pay for."""
        journal = self._caller.journal
        while not self._over.is_set():
            began = time.monotonic()
            self._over.wait(PULSE)
            journal.lag = max(journal.lag, time.monotonic() - began - PULSE)

    def _page(self) -> Answer:
        with self._caller.borrow() as site:
            return self._caller.page(site)

    def _call(self) -> Answer:
        with self._caller.borrow() as site:
            return self._caller.page(site, kind="call", path=CALL)

    def _webhook(self) -> Answer:
        with self._caller.borrow() as site:
            return self._caller.webhook(site)

    def _rotate(self) -> Answer:
        with self._caller.borrow() as site:
            return self._caller.rotate(site)

    def _install(self) -> Answer:
        return self._caller.install(sites.new_site(self._caller.host_url))

    def _install_with_new_key(self) -> Answer:
        site = sites.new_site(self._caller.host_url)
        return self._caller.install(site, kind="new key", key_id=sites.new_key_id())
