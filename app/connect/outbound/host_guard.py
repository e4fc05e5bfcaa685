"""The guard of a worker's threads against a host that hangs.

A web worker has a few threads for all tenants. So only some of them may wait for the
same host (a bulkhead), and a host that was too slow several times in a row is left
alone for a while (a circuit breaker). Each worker process goes by what it has seen.

A connection that is refused or breaks off does not count: it fails at once, so it
holds no thread for long.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import requests

from ..errors import HostUnavailableError, Unavailable

MAX_WAITING: Final = 4
"""How many threads wait for one host: half of those in ``gunicorn.conf.py``."""

PATIENCE: Final = 0.5
"""For how many seconds those threads may take before others are refused.

While they take less, the next call waits for its turn: several macros of one page call
the host at the same moment.
"""

MAX_TIMEOUTS: Final = 3
"""After so many timeouts in a row a host is not called for a while."""

MIN_SECONDS: Final = 2.0
"""A call that was given less time than this proves nothing by its timeout."""

OPEN_SECONDS: Final = 30.0
"""How long it is not called; then one call tries whether it answers again."""

MAX_HOSTS: Final = 1_000
"""The number of hosts to remember; beyond it the oldest is forgotten."""


@dataclass(slots=True)
class _Host:
    begun: list[float] = field(default_factory=list)
    """When each call of a web request began that is under way, oldest first."""
    timeouts: int = 0
    refused_until: float = 0.0
    probed: bool = False


class HostGuard:
    """Lets calls to each host through, or refuses them; one per app."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()

    @contextmanager
    def calling(self, host: str, *, share: bool) -> Iterator[None]:
        """Guard the call in the ``with`` block; *host* is any name for the host.

        With *share*, as in a web request, it may use only its share of the threads.

        :raises HostUnavailableError: if the call must not be made.
        """
        begun, probe = self._enter(host, share)
        timed_out: bool | None = False
        try:
            yield
        except requests.Timeout:
            timed_out = self._clock() - begun >= MIN_SECONDS or None
            raise
        finally:
            self._leave(host, begun if share else None, probe, timed_out)

    @contextmanager
    def pausing(self, name: str) -> Iterator[bool]:
        """Use the share of threads for a pause before a host is called again.

        Yields whether there is room: if not, this thread must not wait.
        """
        with self._changed:
            host, now = self._hosts.get(name) or _Host(), self._clock()
            room = len(host.begun) < MAX_WAITING
            if room:
                host.begun.append(now)
                self._remember(name, host)
        try:
            yield room
        finally:
            if room:
                self._leave(name, now, probe=False, timed_out=None)

    def _enter(self, name: str, share: bool) -> tuple[float, bool]:
        """Return the time, and whether this call tries if the host answers again."""
        with self._changed:
            while True:
                host, now = self._hosts.get(name) or _Host(), self._clock()
                if host.timeouts >= MAX_TIMEOUTS:
                    _refuse_while_open(host, now)
                if not share or len(host.begun) < MAX_WAITING:
                    break
                patience = host.begun[0] + PATIENCE - now
                if patience <= 0:
                    raise _refused(Unavailable.TOO_MANY_CALLS)
                self._changed.wait(patience)
            if share:
                host.begun.append(now)
                self._remember(name, host)
            if host.timeouts < MAX_TIMEOUTS:
                return now, False
            host.probed = True
            return now, True

    def _leave(
        self, name: str, begun: float | None, probe: bool, timed_out: bool | None
    ) -> None:
        with self._changed:
            host = self._hosts.get(name) or _Host()
            if begun is not None:
                host.begun.remove(begun)
                self._changed.notify_all()
            if probe:
                host.probed = False
            if timed_out:
                host.timeouts += 1
                host.refused_until = self._clock() + OPEN_SECONDS
                self._remember(name, host)
            elif timed_out is False:
                host.timeouts = 0
            if not host.begun and not host.timeouts:
                self._hosts.pop(name, None)

    def _remember(self, name: str, host: _Host) -> None:
        if name not in self._hosts and len(self._hosts) >= MAX_HOSTS:
            idle = (name for name, host in self._hosts.items() if not host.begun)
            self._hosts.pop(next(idle, ""), None)
        self._hosts[name] = host


def _refuse_while_open(host: _Host, now: float) -> None:
    if now < host.refused_until:
        raise _refused(Unavailable.CIRCUIT_OPEN, host.refused_until - now)
    if host.probed:
        raise _refused(Unavailable.CIRCUIT_OPEN)


def _refused(reason: Unavailable, retry_after: float = 1.0) -> HostUnavailableError:
    return HostUnavailableError(
        f"not sent: {reason}", reason=reason, retry_after=retry_after
    )
