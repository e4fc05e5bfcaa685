"""The time that a web request may spend on calls to hosts, over all of them.

A user waits, and so does one of the worker's few threads. Tasks and commands have no
such limit: each of their calls has its own.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from flask import has_request_context, request

from ..tasks.context import in_task

_SPENT_KEY: Final = "connect.seconds_spent"


@dataclass(frozen=True, slots=True)
class RequestTime:
    """The time for calls in each web request; one per app."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    """A monotonic clock, in seconds."""

    def left(self) -> float:
        """Return how many seconds are left; infinity outside of a web request."""
        if not in_web_request():
            return math.inf
        spent: float = request.environ.get(_SPENT_KEY, 0.0)
        return self.seconds - spent

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of the ``with`` block as spent."""
        if not in_web_request():
            yield
            return
        begun, environ = self.clock(), request.environ
        try:
            yield
        finally:
            spent = self.clock() - begun
            environ[_SPENT_KEY] = environ.get(_SPENT_KEY, 0.0) + spent


def in_web_request() -> bool:
    """Return whether a user waits for this code, unlike in a task or a command."""
    return has_request_context() and not in_task()
