"""Slows tasks down when a tenant, or the app, is near its limit at the host.

A quota belongs to the app, however many workers it has, so these share what they
know, in Redis if there is one. Without it, and while it is away, each process goes
by what it has seen itself.
https://developer.atlassian.com/cloud/confluence/rate-limiting/
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import redis
import requests
from flask import current_app

from ..db.columns import utc_now
from ..errors import RateLimitedError
from ..protocol.rate_limits import UNSAID, is_of_app, read_near_limit
from ..protocol.retries import parse_retry_after
from ..tasks.context import in_task
from ..tenants.models import Tenant
from .retry import MAX_DELAY

MAX_TURN: Final = 10.0
"""Seconds that a task waits for its turn; for more it is run again later."""

REDIS_TIMEOUT: Final = 0.5
REDIS_PAUSE: Final = 30.0
"""Seconds without Redis after it has failed."""

_APP = "app"
_logger = logging.getLogger(__name__)

# Of all keys the latest turn counts, and each key's next one is an interval later.
# What is too far away is not taken. Times are Redis's own, in seconds.
_TAKE_TURN = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local turn = now
for i = 1, #KEYS, 2 do
  turn = math.max(turn, tonumber(redis.call('GET', KEYS[i]) or '0'))
end
if turn - now <= tonumber(ARGV[1]) then
  for i = 1, #KEYS, 2 do
    local interval = redis.call('GET', KEYS[i + 1])
    if interval then
      redis.call('SET', KEYS[i], string.format('%.6f', turn + interval), 'EX', 3600)
    end
  end
end
return string.format('%.6f', turn - now)
"""
_PAUSE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local turn = math.max(now + ARGV[1], tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.6f', turn), 'EX', 3600)
"""


class Turns(Protocol):
    """Who may call when, by key: a tenant's, or the app's."""

    def take(self, keys: Sequence[str], within: float) -> float:
        """Return how many seconds the next turn is away, and take it.

        One that is more than *within* seconds away is not taken.
        """

    def slow_down(self, key: str, interval: float, seconds: float) -> None:
        """Leave *interval* between two turns of a key, for so many seconds."""

    def pause(self, key: str, seconds: float) -> None:
        """Give no turn of a key for so many seconds."""


@dataclass
class LocalTurns:
    """The turns of this process."""

    clock: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)
    _intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, keys: Sequence[str], within: float) -> float:
        with self._lock:
            now = self.clock()
            turn = max([now, *(self._next.get(key, now) for key in keys)])
            if turn - now <= within:
                for key in keys:
                    interval, until = self._intervals.get(key, (0.0, 0.0))
                    if now < until:
                        self._next[key] = turn + interval
                    else:
                        self._forget(key, now)
            return turn - now

    def slow_down(self, key: str, interval: float, seconds: float) -> None:
        with self._lock:
            self._intervals[key] = (interval, self.clock() + seconds)

    def pause(self, key: str, seconds: float) -> None:
        with self._lock:
            until = self.clock() + seconds
            self._next[key] = max(until, self._next.get(key, until))

    def _forget(self, key: str, now: float) -> None:
        self._intervals.pop(key, None)
        if self._next.get(key, now) <= now:
            self._next.pop(key, None)


class RedisTurns:
    """The turns of all workers, in Redis; those of this process while it is away."""

    def __init__(self, client: "redis.Redis", prefix: str, local: LocalTurns) -> None:
        self._client = client
        self._prefix = prefix
        self._local = local
        self._away_until = 0.0

    def take(self, keys: Sequence[str], within: float) -> float:
        names = [name for key in keys for name in self._names(key)]
        found: list[float] = []

        def ask() -> None:
            answer = self._client.eval(_TAKE_TURN, len(names), *names, str(within))
            found.append(float(answer))

        return found[0] if self._ask(ask) else self._local.take(keys, within)

    def slow_down(self, key: str, interval: float, seconds: float) -> None:
        self._local.slow_down(key, interval, seconds)
        _, pace = self._names(key)
        milliseconds = max(1, int(seconds * 1000))
        self._ask(lambda: self._client.set(pace, interval, px=milliseconds))

    def pause(self, key: str, seconds: float) -> None:
        self._local.pause(key, seconds)
        turn, _ = self._names(key)
        self._ask(lambda: self._client.eval(_PAUSE, 1, turn, str(seconds)))

    def _names(self, key: str) -> tuple[str, str]:
        # One slot of a cluster has all keys of an app.
        return f"{{{self._prefix}}}:turn:{key}", f"{{{self._prefix}}}:pace:{key}"

    def _ask(self, call: Callable[[], object]) -> bool:
        """Do *call*, and say whether Redis did it; it is no reason to fail."""
        if self._local.clock() < self._away_until:
            return False
        try:
            call()
        except (redis.RedisError, OSError, ValueError) as error:
            # The text of an error can quote the URL with its password.
            _logger.warning("no shared quota: Redis failed: %s", type(error).__name__)
            self._away_until = self._local.clock() + REDIS_PAUSE
            return False
        return True


@dataclass(frozen=True, slots=True)
class Pace:
    """Keeps tasks below the limits of the host; one per app."""

    turns: Turns
    sleep: Callable[[float], object] = time.sleep

    def wait_for_turn(self, tenant: Tenant, method: str, path: str) -> None:
        """Wait a moment if this is a task and a limit is near.

        :raises RateLimitedError: if it would be long; nothing is sent.
        """
        if not in_task():
            return
        wait = self.turns.take([_key(tenant), _APP], MAX_TURN)
        if wait > MAX_TURN:
            error = RateLimitedError(
                429,
                "not sent: the host has asked for a pause",
                method=method,
                path=path,
            )
            error.retry_after = error.retry_in = min(wait, MAX_DELAY)
            raise error
        if wait > 0:
            self.sleep(wait)

    def note(self, tenant: Tenant, response: requests.Response) -> None:
        """Learn from an answer of the host."""
        headers, now = response.headers, utc_now()
        if response.status_code == 429:
            asked = parse_retry_after(headers.get("Retry-After", ""), now)
            seconds = min(asked or 1.0, MAX_DELAY)
            self.turns.pause(_APP if is_of_app(headers) else _key(tenant), seconds)
        near = read_near_limit(headers, now)
        if near is not None:
            key = _APP if near.of_app else _key(tenant)
            self.turns.slow_down(key, near.interval, near.seconds or UNSAID)


def _key(tenant: Tenant) -> str:
    return f"tenant:{tenant.client_key}"


def new_pace(app_key: str, redis_url: str | None) -> Pace:
    """Return the pace of an app, shared through Redis if there is a URL."""
    local = LocalTurns()
    if redis_url is None:
        return Pace(local)
    client = redis.Redis.from_url(
        redis_url,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
    )
    return Pace(RedisTurns(client, f"connect:{app_key}", local))


def get_pace() -> Pace:
    """Return the pace of the current app."""
    pace: Pace = current_app.extensions["connect-pace"]
    return pace
