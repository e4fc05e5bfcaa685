"""When a call that failed may be made again.

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

_LEAST_JITTER, _JITTER = 0.7, 0.6
_MAX_DIGITS = 9


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Read ``Retry-After``, seconds or a date, as seconds from *now*, 0 or more.

    None if it is missing or odd. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:_MAX_DIGITS])
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def back_off(failures: int, jitter: Callable[[], float] = random) -> float:
    """Return how many seconds to wait after that many failures, at least one.

    Twice as long each time, and never the same for two that failed together.
    *jitter* returns a number from 0 to 1.
    """
    # Beyond 2 ** 10 the longest delay is reached long ago.
    delay = min(FIRST_DELAY * 2.0 ** min(failures - 1, 10), MAX_BACK_OFF)
    return delay * (_LEAST_JITTER + _JITTER * jitter())
