"""The switches of the faults: what the host does wrong on purpose.

Rate limits: https://developer.atlassian.com/cloud/confluence/rate-limiting/
Assumed: a fault of a REST call strikes before authentication, as a gateway would.
Faults are forgotten at a restart: a fresh host works.
"""

import threading
from dataclasses import replace
from typing import Any, Self

from devhost.faults.kinds import CallFault, ClockSkew, Fault, WebhookFault, new_fault
from devhost.site import Site
from devhost.site.clock import Clock


class Faults:
    """The faults that are switched on, at most one of each kind.

    Each method switches one on and returns a context manager that switches it off, for
    tests: ``with confluence.faults.rate_limited(retry_after=1): ...``. Without
    ``with``, the fault stays on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._on: dict[str, Fault] = {}

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the faults of *site*."""
        return cls(site.get(Clock))

    def slow(self, **settings: Any) -> "Switch":
        """Delay answers by ``seconds``."""
        return self.switch_on("slow", **settings)

    def rate_limited(self, **settings: Any) -> "Switch":
        """Answer 429, with ``retry_after`` and for ``reason``."""
        return self.switch_on("rate-limited", **settings)

    def server_error(self, **settings: Any) -> "Switch":
        """Answer ``status``."""
        return self.switch_on("server-error", **settings)

    def dropped(self, **settings: Any) -> "Switch":
        """Close the connection, ``when`` before or after the call took effect."""
        return self.switch_on("dropped", **settings)

    def key_server_down(self, **settings: Any) -> "Switch":
        """Make the install-key server answer ``status``; 0 drops the connection."""
        return self.switch_on("key-server-down", **settings)

    def clock_skew(self, **settings: Any) -> "Switch":
        """Date the host's tokens ``seconds`` off."""
        return self.switch_on("clock-skew", **settings)

    def webhook_lost(self, **settings: Any) -> "Switch":
        """Lose webhooks of ``event``, or of every event."""
        return self.switch_on("webhook-lost", **settings)

    def webhook_twice(self, **settings: Any) -> "Switch":
        """Send each webhook twice."""
        return self.switch_on("webhook-twice", **settings)

    def webhook_late(self, **settings: Any) -> "Switch":
        """Send webhooks ``seconds`` late."""
        return self.switch_on("webhook-late", **settings)

    def webhook_out_of_order(self, **settings: Any) -> "Switch":
        """Let every second webhook overtake the one before it."""
        return self.switch_on("webhook-out-of-order", **settings)

    def switch_on(self, name: str, **settings: Any) -> "Switch":
        """Switch a fault on, in place of one of the same name.

        :raises FaultError: if there is no such fault or setting.
        """
        fault = new_fault(name, settings)
        with self._lock:
            self._on[name] = fault
            self._set_clock()
        return Switch(self, name)

    def switch_off(self, *names: str) -> None:
        """Switch these faults off; every fault if none is named."""
        with self._lock:
            for name in names or list(self._on):
                self._on.pop(name, None)
            self._set_clock()

    def on(self) -> dict[str, Fault]:
        """Return the faults that are on, by name."""
        with self._lock:
            return dict(self._on)

    def striking(self, method: str, path: str) -> list[CallFault]:
        """Return the faults that strike a call, and count it for their ``times``."""
        with self._lock:
            found = [
                one
                for one in self._on.values()
                if isinstance(one, CallFault) and one.strikes(method, path)
            ]
            for fault in found:
                self._count(fault)
        return found

    def striking_webhook(self, event: str) -> dict[str, WebhookFault]:
        """Return the faults of a delivery by name, and count it for their ``times``."""
        with self._lock:
            found = {
                name: one
                for name, one in self._on.items()
                if isinstance(one, WebhookFault) and one.strikes_event(event)
            }
            for fault in found.values():
                self._count(fault)
        return found

    def _count(self, fault: Fault) -> None:
        if fault.times == 1:
            del self._on[fault.name]
        elif fault.times is not None:
            self._on[fault.name] = replace(fault, times=fault.times - 1)

    def _set_clock(self) -> None:
        skew = self._on.get(ClockSkew.name)
        self._clock.skew_seconds = skew.seconds if isinstance(skew, ClockSkew) else 0


class Switch:
    """A fault that was switched on, and is switched off at the end of a ``with``."""

    def __init__(self, faults: Faults, name: str) -> None:
        self._faults = faults
        self._name = name

    def off(self) -> None:
        """Switch it off."""
        self._faults.switch_off(self._name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.off()
