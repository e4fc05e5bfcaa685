"""Retry delays: ``Retry-After``, and exponential back-off where a host names no time.

https://developer.atlassian.com/cloud/confluence/rate-limiting/
"""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import random
from typing import Final

FIRST_DELAY: Final = 2.0
MAX_BACK_OFF: Final = 30.0
"""Seconds, before the jitter."""

JITTER: Final = 0.25
"""The fraction by which a delay can be shorter or longer."""

# A second, doubled this often, is more than a day.
_MAX_DOUBLINGS = 20
_MAX_DIGITS = 9


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Return ``Retry-After``, seconds or a date, as seconds from *now*, 0 or more.

    None if it is missing or odd. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:_MAX_DIGITS])
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def back_off(
    failures: int,
    jitter: Callable[[], float] = random,
    *,
    first: float = FIRST_DELAY,
    longest: float = MAX_BACK_OFF,
) -> float:
    """Return how many seconds to wait after *failures*, 1 or more.

    The delay is *first* after the first failure and doubles with each further one, up
    to *longest*. It varies by a quarter at random, so that calls that failed together
    are not repeated together. *jitter* returns a number from 0 to 1.
    """
    delay = min(first * 2.0 ** min(failures - 1, _MAX_DOUBLINGS), longest)
    return delay * (1 - JITTER + 2 * JITTER * jitter())
