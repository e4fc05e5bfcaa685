"""The back-off of webhook handlers that fail."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

MAX_RETRY_DELAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a delivery whose handler failed is run again, and when no more."""

    max_attempts: int
    first_delay: timedelta

    def delay_after(self, attempt: int) -> timedelta:
        """Return how long to wait: twice as long each time, and never the same."""
        # 2 ** 20 times the shortest delay there is, is beyond the longest.
        factor = float(2 ** min(attempt - 1, 20))
        delay = min(self.first_delay * factor, MAX_RETRY_DELAY)
        return delay * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
