"""The journal: every request of a scenario with its answer, and what was promised."""

import time
from dataclasses import dataclass, field

NO_ANSWER = 0
"""The status of a request that got no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A request and what came back; times in seconds, by the monotonic clock."""

    kind: str
    """``page``, ``install`` and so on; see :class:`.load.Load`."""
    status: int
    sent_at: float
    seconds: float
    forgery: str = ""
    """What is wrong with its token; empty if it is genuine."""
    foreign: bool = False
    """Whether it shows another tenant."""

    @property
    def genuine(self) -> bool:
        """Whether the host sent it."""
        return not self.forgery

    @property
    def good(self) -> bool:
        """Whether the app did what was asked."""
        return 200 <= self.status < 300

    @property
    def failed(self) -> bool:
        """Whether there was an error of the server's, or no answer."""
        return self.status == NO_ANSWER or self.status >= 500


@dataclass
class Journal:
    """What happened in one scenario."""

    answers: list[Answer] = field(default_factory=list)
    installed: dict[str, str] = field(default_factory=dict)
    """The secret of each client key whose install was answered 2xx."""
    unsure: dict[str, str] = field(default_factory=dict)
    """The last answered secret of sites that were sent another without an answer."""
    taken: set[int] = field(default_factory=set)
    """The numbers of the webhooks that were answered 204."""
    forged: set[int] = field(default_factory=set)
    """The numbers of the webhooks with a forged token."""
    lag: float = 0.0
    """How many seconds late this process was at worst, with so much else to do."""
    began: float = float("inf")
    """When the fault began."""
    ended: float = float("inf")
    """When the fault had ended."""

    def fault_begins(self) -> None:
        """Note that from now on errors may occur."""
        self.began = time.monotonic()

    def fault_ended(self) -> None:
        """Note that the app has to recover from now on."""
        self.ended = time.monotonic()

    def failures_after(self) -> list[Answer]:
        """Return the genuine requests that failed though sent after the fault."""
        return [
            each
            for each in self.answers
            if each.genuine and each.failed and each.sent_at >= self.ended
        ]

    def recovery(self) -> float:
        """Return the seconds from the end of the fault to the last failure."""
        last = [each.sent_at - self.ended for each in self.failures_after()]
        return max(last, default=0.0)
