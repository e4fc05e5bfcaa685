"""Whether an administrator's rule blocks the app from what people made.

A rule applies to the app in some spaces, or in all. Confluence says whether there
is one and in which spaces, and never about a single page.
https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-data-policies/
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flask import current_app

from ..errors import ConnectError, HostResponseError
from ..tenants.models import Tenant

METADATA: Final = "/api/v2/data-policies/metadata"
SPACES: Final = "/api/v2/data-policies/spaces"
CACHE_SIZE: Final = 10_000
"""Tenants; beyond it the one that was asked longest ago is forgotten."""

_PAGE_SIZE = 250
_MAX_PAGES = 1000


class Client(Protocol):
    """What asks the tenant's host as the app."""

    @property
    def tenant(self) -> Tenant:
        """The tenant whose host it is."""

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET."""


@dataclass(frozen=True, slots=True)
class SpacePolicy:
    """A space, and whether a rule blocks the app from what is in it."""

    id: str
    key: str
    name: str
    is_any_content_blocked: bool


class PolicyCache:
    """Whether any content is blocked, by client key, each for a few seconds.

    An answer of None is a host that could not say.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._answers: dict[str, tuple[float, bool | None]] = {}
        self._changes = 0
        self._lock = threading.Lock()

    @property
    def changes(self) -> int:
        """How often something was forgotten; see :meth:`put`."""
        return self._changes

    def find(self, client_key: str) -> tuple[bool | None] | None:
        """Return what is remembered, in a tuple; None if that is nothing."""
        expires, answer = self._answers.get(client_key, (0.0, None))
        return (answer,) if time.monotonic() < expires else None

    def put(self, client_key: str, answer: bool | None, *, changes: int) -> None:
        """Remember an answer, unless something changed since it was asked for."""
        with self._lock:
            self._answers.pop(client_key, None)
            if changes != self._changes:
                return
            if len(self._answers) >= CACHE_SIZE:
                del self._answers[next(iter(self._answers))]
            self._answers[client_key] = (time.monotonic() + self._seconds, answer)

    def forget(self, client_key: str) -> None:
        """Drop what is remembered of a tenant, as when a rule has changed."""
        with self._lock:
            self._changes += 1
            self._answers.pop(client_key, None)


class DataPolicy:
    """What the app access rules of one tenant block. Confluence only."""

    def __init__(self, client: Client, cache: PolicyCache) -> None:
        self._client = client
        self._client_key = client.tenant.client_key
        self._cache = cache

    def is_any_content_blocked(self) -> bool:
        """Say whether a rule blocks the app anywhere on the site.

        The answer is remembered for CONNECT_DATA_POLICY_CACHE_SECONDS.

        :raises ScopeError: if the descriptor lacks READ; nothing is sent.
        :raises HostError: if the host does not answer, or refuses.
        """
        known = self._cache.find(self._client_key)
        if known is not None and known[0] is not None:
            return known[0]
        return self._ask()

    def may_block(self) -> bool:
        """Say the same, and False where the host can't say; it is asked once."""
        known = self._cache.find(self._client_key)
        if known is not None:
            return known[0] is True
        changes = self._cache.changes
        try:
            return self._ask()
        except ConnectError:
            self._cache.put(self._client_key, None, changes=changes)
            return False

    def spaces(
        self,
        *,
        keys: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[SpacePolicy]:
        """Return the spaces that the app may see, all or those named, by id.

        :raises ValueError: if *keys* or *ids* is one text, and no list.
        :raises ScopeError: if the descriptor lacks READ; nothing is sent.
        :raises HostError: if the host does not answer, or refuses.
        """
        wanted = {"keys": keys, "ids": ids}
        if any(isinstance(value, str) for value in wanted.values()):
            raise ValueError('keys and ids are lists, such as ["DS"]')
        if any(value is not None and not value for value in wanted.values()):
            # To leave it out would ask for every space.
            return []
        query = {name: ",".join(value) for name, value in wanted.items() if value}
        return [_space(each) for each in self._pages({**query, "limit": _PAGE_SIZE})]

    def _ask(self) -> bool:
        changes = self._cache.changes
        body = self._client.get_json(METADATA)
        answer = body.get("anyContentBlocked") if isinstance(body, dict) else None
        if not isinstance(answer, bool):
            raise _unreadable(METADATA)
        self._cache.put(self._client_key, answer, changes=changes)
        return answer

    def _pages(self, params: dict[str, Any]) -> Iterator[Any]:
        body = self._client.get_json(SPACES, params=params)
        for _ in range(_MAX_PAGES):
            try:
                yield from body["results"]
                following = body.get("_links", {}).get("next")
            except (AttributeError, KeyError, TypeError):
                raise _unreadable(SPACES) from None
            if not following or not isinstance(following, str):
                return
            body = self._client.get_json(following)
        raise _unreadable(SPACES)


def _space(entry: Any) -> SpacePolicy:
    try:
        blocked = entry["dataPolicy"]["anyContentBlocked"]
        if not isinstance(blocked, bool):
            raise TypeError
        names = (str(entry["id"]), str(entry["key"]), str(entry["name"]))
        return SpacePolicy(*names, blocked)
    except (KeyError, TypeError):
        raise _unreadable(SPACES) from None


def _unreadable(path: str) -> HostResponseError:
    message = "the answer is not a data policy"
    return HostResponseError(200, message, method="GET", path=path)


def get_policy_cache() -> PolicyCache:
    """Return the cache of the current app."""
    cache: PolicyCache = current_app.extensions["connect-data-policies"]
    return cache
