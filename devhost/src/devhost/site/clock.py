"""The clock that dates the host's tokens; a fault can set it wrong."""

import time
from typing import Self

from devhost.site.assumptions import Assumptions
from devhost.site.site import Site


class Clock:
    """Real time, moved by ``skew_seconds`` (positive: ahead, negative: behind).

    It dates only the tokens that the host sends. Those it receives are checked against
    real time, so that only one thing is wrong at a time.
    """

    def __init__(self) -> None:
        self.skew_seconds = 0
        # How long the tokens it dates are valid.
        self.url_seconds = 900
        self.context_seconds = 900

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the clock of *site*, which follows its assumptions."""
        clock = cls()
        site.get(Assumptions).follow(clock._assume)
        return clock

    def _assume(self, assumptions: Assumptions) -> None:
        self.url_seconds = assumptions.number("url-token-seconds")
        self.context_seconds = assumptions.number("context-token-seconds")

    def now(self) -> int:
        """Return the host's idea of the time, in seconds since the epoch."""
        return int(time.time()) + self.skew_seconds
