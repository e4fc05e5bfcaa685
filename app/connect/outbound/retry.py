"""Retries of calls that the host can't answer now, and how long these may take.

In a web request the user waits, so only a few seconds; a task is run again later
instead; a command has the time.
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
"""Seconds that a command waits; when the host asks for more, it is told so."""

MAX_DELAY: Final = 1800.0
"""Seconds until a task is run again, at most.

Redis gives a task to another worker after an hour that nobody has finished it.
"""

_SPENT_KEY = "connect.seconds_waited"
_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRetries:
    """Makes a call again while that may help; one per app."""

    request_seconds: float
    """How long one web request may wait, for all its calls together."""
    sleep: Callable[[float], Any] = time.sleep
    clock: Callable[[], float] = time.monotonic
    """Seconds that only grow."""
    jitter: Callable[[], float] = random.random

    def call(self, attempt: Callable[[], _T], *, repeatable: bool) -> _T:
        """Return what *attempt* returns, called again while that may help.

        The error of the last try has ``retry_in``, if another one may help later.

        :raises HostError: what *attempt* raised last.
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
                _logger.warning("waits %.1f seconds for the host: %s", delay, error)
            self.sleep(delay)

    def _delay(self, error: HostError, failures: int) -> float:
        if not error.retry_after:
            return back_off(failures, self.jitter)
        # Never earlier than the host said, and not all at the same moment.
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
