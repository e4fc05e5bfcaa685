"""A fake clock for calls to the host, which records waits instead of waiting."""

from dataclasses import dataclass, field, replace

from flask import Flask

from app.connect.outbound.state import EXTENSION
from app.connect.outbound.throttle import Throttle


@dataclass
class Waits:
    """The recorded waits in seconds, and the clock's time."""

    seconds: list[float] = field(default_factory=list)
    now: float = 1000.0
    jitter: float = 0.5
    """The middle value, so that delays have no jitter."""

    def sleep(self, seconds: float) -> None:
        """Advance this clock instead of waiting."""
        self.seconds.append(seconds)
        self.now += seconds

    def replace_clock(self, app: Flask) -> None:
        """Make the calls of *app* to hosts use this clock."""
        outbound = app.extensions[EXTENSION]
        time = replace(outbound.calls.time, clock=lambda: self.now)
        retries = replace(outbound.retries, time=time, jitter=lambda: self.jitter)
        throttle = Throttle(sleep=self.sleep, clock=lambda: self.now)
        app.extensions[EXTENSION] = replace(
            outbound,
            calls=replace(outbound.calls, time=time, sleep=self.sleep),
            retries=retries,
            throttle=throttle,
        )
