"""The log of every exchange: bounded, thread-safe, and live."""

import re
import threading
import time
from collections import deque
from typing import Any, Self

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.message import Direction
from devhost.protocol.query_string_hash import strip_base_path
from devhost.site import Site

KEPT_EXCHANGES = 1000
# The largest part of a body that is kept, in bytes.
KEPT_BODY = 256 * 1024
# The limit of all bodies together, in bytes.
KEPT_BODIES = 32 * 1024 * 1024
CONTEXT_PATH = "/wiki"
VARIABLE = re.compile(r"\\\{[^{}]*\\\}")


class ExchangeLog:
    """The latest exchanges, oldest first.

    Ids grow by one and are never reused, not even after ``clear``.
    """

    def __init__(self, kept: int = KEPT_EXCHANGES) -> None:
        self._kept: deque[Exchange] = deque()
        self._most = kept
        self._bytes = 0
        # Reentrant, because waiting searches the log again.
        self._changed = threading.Condition(threading.RLock())
        self._last_id = 0

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the log of *site*."""
        return cls()

    def record(self, **fields: Any) -> Exchange:
        """Add an exchange, with the fields of ``Exchange`` except its id."""
        fields.setdefault("started_at", time.time())
        for name in ("request_body", "response_body"):
            if len(fields.get(name, b"")) > KEPT_BODY:
                fields[name] = fields[name][:KEPT_BODY]
                fields["is_truncated"] = True
        with self._changed:
            self._last_id += 1
            exchange = Exchange(id=self._last_id, **fields)
            self._kept.append(exchange)
            self._bytes += _size(exchange)
            self._forget_oldest()
            self._changed.notify_all()
        return exchange

    def _forget_oldest(self) -> None:
        while len(self._kept) > self._most or self._bytes > KEPT_BODIES:
            self._bytes -= _size(self._kept.popleft())

    @property
    def last_id(self) -> int:
        """The id of the newest exchange ever recorded; 0 before the first."""
        with self._changed:
            return self._last_id

    def all(self) -> list[Exchange]:
        """Return every exchange that is still kept, oldest first."""
        with self._changed:
            return list(self._kept)

    def since(self, exchange_id: int) -> list[Exchange]:
        """Return the exchanges recorded after the one with this id."""
        return [one for one in self.all() if one.id > exchange_id]

    def find_by_id(self, exchange_id: int) -> Exchange | None:
        """Return one exchange, None if it is no longer kept."""
        return next((one for one in self.all() if one.id == exchange_id), None)

    def find(
        self,
        method: str | None = None,
        path_template: str | None = None,
        *,
        kind: str | None = None,
        direction: Direction | None = None,
        app_key: str | None = None,
        status: int | None = None,
        after: int = 0,
    ) -> list[Exchange]:
        """Return the exchanges that match everything given, oldest first.

        ``path_template`` is a path such as ``/rest/api/content/{id}``, with or without
        ``/wiki``: each ``{name}`` stands for one undecoded segment. The query is
        ignored. ``after`` is the id after which the search begins.
        """
        wanted: dict[str, Any] = {
            "kind": kind,
            "direction": direction,
            "app_key": app_key,
        }
        wanted |= {"status": status, "method": method and method.upper()}
        fits = [(name, value) for name, value in wanted.items() if value is not None]
        return [
            one
            for one in self.since(after)
            if all(getattr(one, name) == value for name, value in fits)
            and (path_template is None or path_fits(path_template, one.path))
        ]

    def wait_for(
        self,
        method: str | None = None,
        path_template: str | None = None,
        *,
        seconds: float = 5,
        **conditions: Any,
    ) -> Exchange | None:
        """Return the first exchange that ``find`` finds, None if none comes in time."""
        give_up_at = time.monotonic() + seconds
        with self._changed:
            while not (found := self.find(method, path_template, **conditions)):
                left = give_up_at - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
        return found[0]

    def clear(self) -> None:
        """Forget every exchange."""
        with self._changed:
            self._kept.clear()
            self._bytes = 0


def _size(exchange: Exchange) -> int:
    return len(exchange.request_body) + len(exchange.response_body)


def path_fits(template: str, path: str) -> bool:
    """Whether *path* fits *template*, both undecoded and with or without ``/wiki``."""
    bare = strip_base_path(template, CONTEXT_PATH) or "/"
    pattern = VARIABLE.sub("[^/]+", re.escape(bare))
    return bool(re.fullmatch(pattern, strip_base_path(path, CONTEXT_PATH) or "/"))
