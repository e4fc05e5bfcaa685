"""Retries of calls to the host, within a time limit.

A web request, where a user waits, retries as long as it has time for calls; a command,
for minutes. A task does not wait: it is run again later.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ..errors import HostError, HostUnavailableError
from ..protocol.retries import back_off
from ..tasks.context import in_task
from .request_time import RequestTime, in_web_request

TRIES: Final = 4

MAX_WAIT: Final = 300.0
"""The longest delay in seconds that a command waits; beyond it, the call fails."""

MAX_DELAY: Final = 1800.0
"""The longest time in seconds until a task is run again.

Redis redelivers a task that is not finished within an hour.
"""

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRetries:
    """Retries calls to hosts; one per app."""

    time: RequestTime
    jitter: Callable[[], float] = random.random

    def call(
        self,
        attempt: Callable[[], _T],
        *,
        repeatable: bool,
        pause: Callable[[float], bool],
    ) -> _T:
        """Return the result of *attempt*, retrying it while that makes sense.

        *pause* waits for some seconds; False if this thread must not wait. The last
        error has ``retry_in`` set if a later retry makes sense.

        :raises HostError: the last error of *attempt*.
        """
        failures = 0
        while True:
            try:
                return attempt()
            except HostError as error:
                failures += 1
                if not repeatable or not error.temporary:
                    raise
                delay = self._delay(error, failures)
                error.retry_in = min(delay, MAX_DELAY)
                if failures == TRIES or not self._may_wait(delay, error):
                    raise
                _logger.warning("waiting %.1f seconds for the host: %s", delay, error)
                if not pause(delay):
                    raise

    def _delay(self, error: HostError, failures: int) -> float:
        if not error.retry_after:
            return back_off(failures, self.jitter)
        # Never earlier than the host asked for, with jitter to spread the retries.
        return error.retry_after * (1 + self.jitter() / 10)

    def _may_wait(self, delay: float, error: HostError) -> bool:
        if in_task():
            return False
        if not in_web_request():
            return delay <= MAX_WAIT
        if isinstance(error, HostUnavailableError) and not error.sent:
            # It was refused so that this thread does not wait.
            return False
        return delay < self.time.left()
