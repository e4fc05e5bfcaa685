"""A clock for the calls to the host: nobody waits, and all know how long."""

from dataclasses import dataclass, field, replace

from flask import Flask

from app.connect.outbound.state import EXTENSION
from app.connect.outbound.throttle import Throttle


@dataclass
class Waits:
    """What was waited, in seconds, and the time of which it is a part."""

    seconds: list[float] = field(default_factory=list)
    now: float = 1000.0
    jitter: float = 0.5
    """In the middle, so that a delay is the very one of the rule."""

    def sleep(self, seconds: float) -> None:
        """Wait, in this clock's time."""
        self.seconds.append(seconds)
        self.now += seconds

    def replace_clock(self, app: Flask) -> None:
        """Let the calls of *app* to its hosts go by this clock."""
        outbound = app.extensions[EXTENSION]
        retries = replace(
            outbound.retries,
            sleep=self.sleep,
            clock=lambda: self.now,
            jitter=lambda: self.jitter,
        )
        throttle = Throttle(sleep=self.sleep, clock=lambda: self.now)
        app.extensions[EXTENSION] = replace(
            outbound, retries=retries, throttle=throttle
        )
