"""How near to its limit a host says that the app is, read from an answer's headers.

Two forms are in use, and a third one while a quota is announced but not enforced:
``X-RateLimit-...``, the structured ``RateLimit``, and the same with ``Beta-`` in
front. https://developer.atlassian.com/cloud/confluence/rate-limiting/
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

NEAR: Final = 0.2
"""The part of a quota below which the host says that the limit is near."""

MAX_INTERVAL: Final = 5.0
"""Seconds between two calls, at most; a quota that is used up is a 429."""

UNSAID: Final = 60.0
"""Seconds until a limit is lifted, if the host does not say."""

_MAX_SECONDS: Final = 3600.0
_ENTRY = re.compile(r'"([^"]*)"((?:\s*;\s*[a-z]+=[0-9]+)*)')
_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A limit that is near: how far apart calls should be, and for how long."""

    of_app: bool
    """Whether it is the limit of the app at all its tenants together."""
    interval: float
    """Seconds."""
    seconds: float


def read_near_limit(headers: Mapping[str, str], now: datetime) -> NearLimit | None:
    """Return the limit that is near; None if none is, or the host says nothing."""
    for prefix in ("", "Beta-"):
        for find in (_structured, _plain):
            if found := find(headers, prefix, now):
                return found
    return None


def is_of_app(headers: Mapping[str, str]) -> bool:
    """Whether a refusal is about the app at all its tenants together."""
    return "global" in headers.get("RateLimit-Reason", "")


def _structured(
    headers: Mapping[str, str], prefix: str, now: datetime
) -> NearLimit | None:
    """Read such as ``"global-app-quota";r=900;t=120``; r is there near a limit only."""
    found = []
    for name, text in _ENTRY.findall(headers.get(f"{prefix}RateLimit", "")[:1000]):
        values = dict(re.findall(r"([a-z]+)=([0-9]{1,12})", text))
        if "r" in values:
            seconds = float(values.get("t", UNSAID))
            found.append(_near("global" in name, float(values["r"]), seconds))
    return max(found, key=lambda near: near.interval, default=None)


def _plain(headers: Mapping[str, str], prefix: str, now: datetime) -> NearLimit | None:
    limit = _number(headers.get(f"{prefix}X-RateLimit-Limit"))
    left = _number(headers.get(f"{prefix}X-RateLimit-Remaining"))
    is_near = headers.get(f"{prefix}X-RateLimit-NearLimit", "").lower() == "true"
    if limit and left is not None:
        is_near = is_near or left < NEAR * limit
    if not is_near:
        return None
    seconds = _seconds_until(headers.get(f"{prefix}X-RateLimit-Reset", ""), now)
    return _near(is_of_app(headers), left, seconds)


def _near(of_app: bool, left: float | None, seconds: float) -> NearLimit:
    seconds = min(seconds, _MAX_SECONDS)
    interval = 1.0 if left is None else seconds / max(left, 1.0)
    return NearLimit(of_app, min(interval, MAX_INTERVAL), seconds)


def _number(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text) else None


def _seconds_until(text: str, now: datetime) -> float:
    """Read a time in ISO 8601, as seconds from *now*."""
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return UNSAID
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, math.ceil((until - now).total_seconds()))
