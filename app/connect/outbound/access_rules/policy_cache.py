"""Cache of whether app access rules block any content of a site.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-data-policies/
"""

from typing import Any, Final, Protocol

from ...db.expiring_cache import CACHE_SIZE, ExpiringCache
from ...errors import ConnectError, HostResponseError
from ...tenants.models import Tenant

METADATA: Final = "/api/v2/data-policies/metadata"


class Client(Protocol):
    """A client that calls a tenant's host as the app."""

    tenant: Tenant

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET."""


class PolicyCache:
    """Short-lived answers, by client key, to whether any content is blocked.

    None as an answer means that the host could not say.
    """

    def __init__(self, seconds: int, *, size: int = CACHE_SIZE) -> None:
        self._answers: ExpiringCache[str, tuple[bool | None]]
        self._answers = ExpiringCache(seconds, size=size)

    @property
    def changes(self) -> int:
        """How many times an entry was dropped; see :meth:`put`."""
        return self._answers.version

    def find(self, client_key: str) -> tuple[bool | None] | None:
        """Return the cached answer in a tuple; None if nothing is cached."""
        return self._answers.get(client_key)

    def put(self, client_key: str, answer: bool | None, *, changes: int) -> None:
        """Store an answer, unless an entry was dropped since *changes* was read."""
        self._answers.put(client_key, (answer,), version=changes)

    def forget(self, client_key: str) -> None:
        """Drop a tenant's entry, for example because a rule has changed."""
        self._answers.forget(client_key)


def is_any_content_blocked(client: Client, cache: PolicyCache) -> bool:
    """Return the host's answer, which may be cached for a few seconds.

    :raises ScopeError: if the descriptor lacks READ; nothing is sent.
    :raises HostError: if the host does not answer, or refuses.
    """
    known = cache.find(client.tenant.client_key)
    if known is not None and known[0] is not None:
        return known[0]
    return _ask(client, cache)


def may_be_blocked(client: Client, cache: PolicyCache) -> bool:
    """Return the same, but False if the host can't say; it is asked only once."""
    client_key, changes = client.tenant.client_key, cache.changes
    known = cache.find(client_key)
    if known is not None:
        return known[0] is True
    try:
        # The caller waits for an error already: no retries to find its reason.
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
