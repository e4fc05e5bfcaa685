"""Retry policy with exponential back-off for webhook handlers that fail."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ..protocol.retries import back_off

MAX_RETRY_DELAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a delivery whose handler failed is retried, and when it is given up."""

    max_attempts: int
    first_delay: timedelta

    def delay_after(self, attempt: int) -> timedelta:
        """Return how long to wait: twice as long each time, with jitter."""
        first, longest = self.first_delay, MAX_RETRY_DELAY
        return timedelta(
            seconds=back_off(
                attempt, first=first.total_seconds(), longest=longest.total_seconds()
            )
        )
