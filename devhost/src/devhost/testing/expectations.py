"""Expectations of a message between host and app, and how another one differs."""

import json
from dataclasses import dataclass, field
from typing import Any

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import path_fits
from devhost.exchanges.masking import mask
from devhost.exchanges.message import Direction

ANYTHING = object()
"""Stands for a body that is not compared."""
SHOWN_MESSAGES = 30


class MessageError(AssertionError):
    """A message is missing, or there is one too many; it shows every message."""

    shows_messages = True


@dataclass(frozen=True)
class Expectation:
    """The expected message; None and ANYTHING leave a part open."""

    direction: Direction
    method: str | None = None
    path: str | None = None
    event: str | None = None
    """The name of a lifecycle event or of a webhook."""
    status: int | None = None
    body: Any = field(default=ANYTHING)
    """The request's JSON, or its bytes."""
    app_key: str | None = None
    user: str | None = None
    """An account id; empty for the app itself."""

    def __str__(self) -> str:
        words = [self.event or "", self.method or "", self.path or ""]
        text = " ".join(word for word in words if word) or "message"
        details = []
        if self.status is not None:
            details.append(f"status {self.status}")
        if self.app_key is not None:
            details.append(f"app {self.app_key}")
        if self.user is not None:
            details.append(f"user {self.user or 'none'}")
        if self.body is not ANYTHING:
            details.append(f"body {_shown(self.body)}")
        return f"{text} with {', '.join(details)}" if details else text

    def is_about(self, exchange: Exchange) -> bool:
        """Whether *exchange* has this direction, this address and this event."""
        return (
            exchange.direction == self.direction
            and not exchange.handed_out
            and (self.path is None or path_fits(self.path, exchange.path))
            and (self.event is None or event_of(exchange) == self.event)
        )

    def differences(self, exchange: Exchange) -> list[str]:
        """Return how *exchange*, which it is about, differs; empty if it matches."""
        pairs: list[tuple[str, Any, Any]] = [
            ("method", self.method and self.method.upper(), exchange.method),
            ("status", self.status, exchange.status),
            ("app", self.app_key, exchange.app_key),
            ("user", self.user, exchange.user),
        ]
        found = [
            f"{name} {actual or 'none'}, not {wanted or 'none'}"
            for name, wanted, actual in pairs
            if wanted is not None and wanted != actual
        ]
        if self.body is not ANYTHING:
            by_bytes = isinstance(self.body, bytes)
            body = exchange.request_body if by_bytes else exchange.json
            if body != self.body:
                found.append(f"body {_shown(body)}, not {_shown(self.body)}")
        return found

    def find(self, exchanges: list[Exchange]) -> list[Exchange]:
        """Return the exchanges that match, oldest first."""
        return [
            one for one in exchanges if self.is_about(one) and not self.differences(one)
        ]

    def near_misses(self, exchanges: list[Exchange]) -> list[str]:
        """Return, for each exchange that it is about, how it differs."""
        return [
            f"#{one.id} differs: {'; '.join(differences)}"
            for one in exchanges
            if self.is_about(one) and (differences := self.differences(one))
        ]


def event_of(exchange: Exchange) -> str | None:
    """Return the lifecycle or webhook event of *exchange*, None if there is none."""
    if exchange.kind == "webhook":
        return exchange.notes.get("webhook")
    body = exchange.json if exchange.kind == "lifecycle" else None
    found = body.get("eventType") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def transcript(exchanges: list[Exchange]) -> str:
    """Return every message as a failing test shows it: oldest first, masked."""
    if not exchanges:
        return "There was no message between host and app."
    shown = exchanges[-SHOWN_MESSAGES:]
    left_out = len(exchanges) - len(shown)
    head = "The messages between host and app, oldest first"
    if left_out:
        head += f" (the first {left_out} are left out)"
    return "\n".join([f"{head}:", *map(str, shown)])


def _shown(body: Any) -> str:
    return mask(repr(body)) if isinstance(body, bytes) else mask(_json(body))


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, default=repr)
