"""The kinds of fault, and the settings of each."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from devhost.exchanges.log import path_fits

MAX_SECONDS = 60
MAX_SKEW_SECONDS = 10 * 365 * 86400


class FaultError(Exception):
    """There is no such fault or setting; the message says what to write."""


@dataclass(frozen=True)
class Fault:
    """The base of every fault; only call faults look at ``method`` and ``path``."""

    name: ClassVar[str]
    title: ClassVar[str]
    method: str = ""
    """Only calls with this method; empty for every method."""
    path: str = ""
    """Only calls that match this template, such as ``/rest/api/content/{id}``."""
    times: int | None = None
    """Only the next so many calls; None for all until it is switched off."""

    def check(self) -> None:
        """Refuse settings that make no sense.

        :raises FaultError: naming the setting and its range.
        """
        if not isinstance(self.method, str):
            raise FaultError("method: write a method such as GET, or nothing")
        if not isinstance(self.path, str) or self.path[:1] not in {"", "/"}:
            raise FaultError("path: write a path such as /rest/api/content/{id}")
        if self.times is not None:
            _check_range("times", self.times, 1, 1_000_000)


@dataclass(frozen=True)
class CallFault(Fault):
    """A fault that strikes a call of an app, or of its page."""

    def strikes(self, method: str, path: str) -> bool:
        """Whether it strikes a call with *method* to the undecoded *path*."""
        fits = not self.path or path_fits(self.path, path)
        return fits and self.method.upper() in {"", method}


@dataclass(frozen=True)
class Slow(CallFault):
    """The answer is delayed by ``seconds``."""

    name: ClassVar[str] = "slow"
    title: ClassVar[str] = "Slow answers"
    seconds: float = 3

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        _check_seconds(self.seconds)


@dataclass(frozen=True)
class RateLimited(CallFault):
    """429, with ``Retry-After`` and the headers of the exhausted quota."""

    name: ClassVar[str] = "rate-limited"
    title: ClassVar[str] = "Rate limit (429)"
    retry_after: int | None = 5
    """Seconds; None leaves the header out, as a gateway might."""
    reason: Literal["global", "tenant", "burst"] = "global"

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        if self.retry_after is not None:
            _check_range("retry_after", self.retry_after, 0, 86400)
        if self.reason not in {"global", "tenant", "burst"}:
            raise FaultError("reason: write global, tenant or burst")


@dataclass(frozen=True)
class ServerError(CallFault):
    """A 5xx answer."""

    name: ClassVar[str] = "server-error"
    title: ClassVar[str] = "Server error (5xx)"
    status: int = 503
    retry_after: int | None = None

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        _check_range("status", self.status, 500, 599)
        if self.retry_after is not None:
            _check_range("retry_after", self.retry_after, 0, 86400)


@dataclass(frozen=True)
class Dropped(CallFault):
    """The connection is closed without an answer."""

    name: ClassVar[str] = "dropped"
    title: ClassVar[str] = "Dropped connection"
    when: Literal["before", "after"] = "before"
    """Before or after the call has taken effect."""

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        if self.when not in {"before", "after"}:
            raise FaultError("when: write before or after")


@dataclass(frozen=True)
class KeyServerDown(CallFault):
    """The server of the install keys answers ``status``, or nothing at all (0)."""

    name: ClassVar[str] = "key-server-down"
    title: ClassVar[str] = "Key server down"
    status: int = 503

    def strikes(self, method: str, path: str) -> bool:
        """Whether the call asks for a key."""
        return path.startswith("/install-keys/")

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        if self.status != 0:
            _check_range("status", self.status, 400, 599)


@dataclass(frozen=True)
class ClockSkew(Fault):
    """The tokens of the host are dated ``seconds`` ahead, or behind if negative."""

    name: ClassVar[str] = "clock-skew"
    title: ClassVar[str] = "Clock skew"
    seconds: int = 600

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        _check_range("seconds", self.seconds, -MAX_SKEW_SECONDS, MAX_SKEW_SECONDS)


@dataclass(frozen=True)
class WebhookFault(Fault):
    """The base of every fault of webhook deliveries; ``times`` counts deliveries.

    Atlassian promises neither that a webhook is delivered, nor that it is delivered
    only once, nor in order: an app must survive each of these.
    """

    event: str = ""
    """Only deliveries of this event; empty for every event."""

    def strikes_event(self, event: str) -> bool:
        """Whether it strikes a delivery of *event*."""
        return self.event in {"", event}

    def check(self) -> None:
        """Refuse settings that make no sense."""
        super().check()
        if not isinstance(self.event, str):
            raise FaultError("event: write an event such as page_created, or nothing")


@dataclass(frozen=True)
class WebhookLost(WebhookFault):
    """The webhook is never sent."""

    name: ClassVar[str] = "webhook-lost"
    title: ClassVar[str] = "Webhook lost"


@dataclass(frozen=True)
class WebhookTwice(WebhookFault):
    """The webhook is sent twice."""

    name: ClassVar[str] = "webhook-twice"
    title: ClassVar[str] = "Webhook delivered twice"


@dataclass(frozen=True)
class _DelayedWebhook(WebhookFault):
    seconds: float = 5

    def check(self) -> None:
        super().check()
        _check_seconds(self.seconds)


@dataclass(frozen=True)
class WebhookLate(_DelayedWebhook):
    """The webhook is sent ``seconds`` late; others overtake it."""

    name: ClassVar[str] = "webhook-late"
    title: ClassVar[str] = "Webhook late"


@dataclass(frozen=True)
class WebhookOutOfOrder(_DelayedWebhook):
    """A webhook lets the next one overtake it, or is sent ``seconds`` late."""

    name: ClassVar[str] = "webhook-out-of-order"
    title: ClassVar[str] = "Webhooks out of order"


KINDS: dict[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        Slow,
        RateLimited,
        ServerError,
        Dropped,
        KeyServerDown,
        ClockSkew,
        WebhookLost,
        WebhookTwice,
        WebhookLate,
        WebhookOutOfOrder,
    )
}


def _check_seconds(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FaultError("seconds: write a number")
    if not 0 <= value <= MAX_SECONDS:
        raise FaultError(f"seconds: write a number from 0 to {MAX_SECONDS}")


def _check_range(name: str, value: Any, lowest: int, highest: int) -> None:
    number = isinstance(value, int) and not isinstance(value, bool)
    if not number or not lowest <= value <= highest:
        raise FaultError(f"{name}: write a whole number from {lowest} to {highest}")


def new_fault(name: str, settings: dict[str, Any]) -> Fault:
    """Return the fault of this name with these settings, checked.

    :raises FaultError: if there is no such fault or setting, or a value is invalid.
    """
    if name not in KINDS:
        raise FaultError(f"no fault {name}: write one of {', '.join(KINDS)}")
    known = [each.name for each in fields(KINDS[name])]
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise FaultError(f"{unknown[0]}: {name} has only {', '.join(known)}")
    fault = KINDS[name](**settings)
    fault.check()
    return fault
