"""Whether an app access rule blocks any content of a site, asked once in a while.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-data-policies/
"""

from typing import Any, Final, Protocol

from ...db.expiring_cache import CACHE_SIZE, ExpiringCache
from ...errors import ConnectError, HostResponseError
from ...tenants.models import Tenant

METADATA: Final = "/api/v2/data-policies/metadata"


class Client(Protocol):
    """What asks a tenant's host as the app."""

    tenant: Tenant

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET."""


class PolicyCache:
    """Whether any content is blocked, by client key, each for a few seconds.

    An answer of None is a host that could not say.
    """

    def __init__(self, seconds: int, *, size: int = CACHE_SIZE) -> None:
        self._answers: ExpiringCache[str, tuple[bool | None]]
        self._answers = ExpiringCache(seconds, size=size)

    @property
    def changes(self) -> int:
        """How often something was forgotten; see :meth:`put`."""
        return self._answers.version

    def find(self, client_key: str) -> tuple[bool | None] | None:
        """Return what is remembered, in a tuple; None if that is nothing."""
        return self._answers.get(client_key)

    def put(self, client_key: str, answer: bool | None, *, changes: int) -> None:
        """Remember an answer, unless something changed since it was asked for."""
        self._answers.put(client_key, (answer,), version=changes)

    def forget(self, client_key: str) -> None:
        """Drop what is remembered of a tenant, as when a rule has changed."""
        self._answers.forget(client_key)


def is_any_content_blocked(client: Client, cache: PolicyCache) -> bool:
    """Return what the host says, or what it said some seconds ago.

    :raises ScopeError: if the descriptor lacks READ; nothing is sent.
    :raises HostError: if the host does not answer, or refuses.
    """
    known = cache.find(client.tenant.client_key)
    if known is not None and known[0] is not None:
        return known[0]
    return _ask(client, cache)


def may_be_blocked(client: Client, cache: PolicyCache) -> bool:
    """Return the same, and False where the host can't say; it is asked once."""
    client_key, changes = client.tenant.client_key, cache.changes
    known = cache.find(client_key)
    if known is not None:
        return known[0] is True
    try:
        # Who waits for the refusal is not to wait for its reason.
        return _ask(client, cache, retry=False)
    except ConnectError:
        cache.put(client_key, None, changes=changes)
        return False


def _ask(client: Client, cache: PolicyCache, **options: Any) -> bool:
    changes = cache.changes
    body = client.get_json(METADATA, **options)
    answer = body.get("anyContentBlocked") if isinstance(body, dict) else None
    if not isinstance(answer, bool):
        message = "the answer is not a data policy"
        raise HostResponseError(200, message, method="GET", path=METADATA)
    cache.put(client.tenant.client_key, answer, changes=changes)
    return answer
