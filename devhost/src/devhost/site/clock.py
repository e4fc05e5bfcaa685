"""The clock by which the host dates its tokens; a fault may set it wrong."""

import time


class Clock:
    """Real time, moved by ``skew_seconds`` (positive: ahead, negative: behind).

    Only the tokens that the host sends are dated by it. What it receives is
    checked against real time, so that one thing is wrong at a time.
    """

    def __init__(self) -> None:
        self.skew_seconds = 0
        # How long the tokens that it dates are good.
        self.url_seconds = 900
        self.context_seconds = 900

    def now(self) -> int:
        """Return the host's idea of the time, in seconds since the epoch."""
        return int(time.time()) + self.skew_seconds
