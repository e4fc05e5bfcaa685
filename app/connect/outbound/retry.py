"""Retries of calls to the host, within a time limit.

A web request, where a user waits, retries for only a few seconds; a command, for
minutes. A task does not wait: it is run again later.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import has_request_context, request

from ..errors import HostError
from ..protocol.retries import back_off
from ..tasks.context import in_task

TRIES: Final = 4

MAX_WAIT: Final = 300.0
"""The longest delay in seconds that a command waits; beyond it, the call fails."""

MAX_DELAY: Final = 1800.0
"""The longest time in seconds until a task is run again.

Redis redelivers a task that is not finished within an hour.
"""

_SPENT_KEY = "connect.seconds_waited"
_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRetries:
    """Retries calls to hosts; one per app."""

    request_seconds: float
    """How long one web request may wait, over all its calls."""
    sleep: Callable[[float], Any] = time.sleep
    clock: Callable[[], float] = time.monotonic
    """A monotonic clock, in seconds."""
    jitter: Callable[[], float] = random.random

    def call(self, attempt: Callable[[], _T], *, repeatable: bool) -> _T:
        """Return the result of *attempt*, retrying it while that makes sense.

        The last error has ``retry_in`` set if a later retry makes sense.

        :raises HostError: the last error of *attempt*.
        """
        failures = 0
        while True:
            begun = self.clock()
            try:
                return attempt()
            except HostError as error:
                failures += 1
                if not repeatable or not error.temporary:
                    raise
                delay = self._delay(error, failures)
                error.retry_in = min(delay, MAX_DELAY)
                spent = self.clock() - begun
                if failures == TRIES or not self._may_wait(delay, spent):
                    raise
                _logger.warning("waiting %.1f seconds for the host: %s", delay, error)
            self.sleep(delay)

    def _delay(self, error: HostError, failures: int) -> float:
        if not error.retry_after:
            return back_off(failures, self.jitter)
        # Never earlier than the host asked for, with jitter to spread the retries.
        return error.retry_after * (1 + self.jitter() / 10)

    def _may_wait(self, delay: float, spent: float) -> bool:
        if in_task():
            return False
        if not has_request_context():
            return delay <= MAX_WAIT
        spent += delay + request.environ.get(_SPENT_KEY, 0.0)
        if spent > self.request_seconds:
            return False
        request.environ[_SPENT_KEY] = spent
        return True
