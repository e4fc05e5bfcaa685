"""A throttle for tasks: no calls to a tenant's host during a pause it asked for.

A host that answers 429 gives the pause in ``Retry-After``. Each worker process goes by
the answers that it has seen itself, and each answer applies to one tenant only.
https://developer.atlassian.com/cloud/confluence/rate-limiting/
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from ..errors import RateLimitedError
from ..tasks.context import in_task
from ..tenants.models import Tenant
from .host_response import retry_after
from .retry import MAX_DELAY

MAX_SLEEP: Final = 10.0
"""The longest pause in seconds that a task sleeps through; for more it is put off."""

UNSAID: Final = 1.0
"""The pause in seconds if the host names no time."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The pauses that hosts have asked of this process; one per app."""

    sleep: Callable[[float], Any] = time.sleep
    clock: Callable[[], float] = time.monotonic
    """A monotonic clock, in seconds."""
    _ends: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, tenant: Tenant, *, method: str, path: str) -> None:
        """In a task, sleep until a short pause is over.

        :raises RateLimitedError: if the pause is long; nothing is sent.
        """
        if not in_task():
            return
        left = self._ends.get(tenant.client_key, 0.0) - self.clock()
        if left > MAX_SLEEP:
            message = "not sent: the host has asked for a pause"
            error = RateLimitedError(429, message, method=method, path=path)
            error.retry_after = error.retry_in = left
            raise error
        if left > 0:
            self.sleep(left)

    def note(self, tenant: Tenant, response: requests.Response) -> None:
        """Start a pause if the host asks for one; never shorten one that is running."""
        if response.status_code != 429:
            return
        now = self.clock()
        end = now + min(retry_after(response) or UNSAID, MAX_DELAY)
        with self._lock:
            for client_key in [key for key in self._ends if self._ends[key] <= now]:
                del self._ends[client_key]
            self._ends[tenant.client_key] = max(
                end, self._ends.get(tenant.client_key, end)
            )
