"""Data policies: where an administrator's rule blocks the app from content.

A rule applies to the app in some spaces, or in all. Confluence says whether there is a
rule, and for which spaces, but says nothing about single pages.
https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-data-policies/
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import HostResponseError
from ..protocol.operations import CONFLUENCE
from .access_rules.policy_cache import PolicyCache, is_any_content_blocked
from .client import HostClient
from .pagination import iterate_pages

SPACES: Final = "/api/v2/data-policies/spaces"

_PAGE_SIZE = 250


@dataclass(frozen=True, slots=True)
class SpacePolicy:
    """A space, and whether a rule blocks the app from its content."""

    id: str
    key: str
    name: str
    is_any_content_blocked: bool


class DataPolicy:
    """What one tenant's app access rules block.

    :raises ValueError: if the tenant is not a site of Confluence.
    """

    def __init__(self, client: HostClient, cache: PolicyCache) -> None:
        if client.tenant.product_type != CONFLUENCE:
            raise ValueError("only Confluence says what app access rules block")
        self._client = client
        self._cache = cache

    def is_any_content_blocked(self) -> bool:
        """Return whether a rule blocks the app anywhere on the site.

        The answer is cached for CONNECT_DATA_POLICY_CACHE_SECONDS.

        :raises ScopeError: if the descriptor lacks READ; nothing is sent.
        :raises HostError: if the host does not answer, or refuses.
        """
        return is_any_content_blocked(self._client, self._cache)

    def spaces(
        self,
        *,
        keys: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[SpacePolicy]:
        """Return the spaces that the app can see, all or the named ones, by id.

        :raises ValueError: if *keys* or *ids* is a string instead of a list.
        :raises ScopeError: if the descriptor lacks READ; nothing is sent.
        :raises HostError: if the host does not answer, or refuses.
        """
        wanted = {"keys": keys, "ids": ids}
        if any(isinstance(value, str) for value in wanted.values()):
            raise ValueError('keys and ids are lists, such as ["DS"]')
        if any(value is not None and not value for value in wanted.values()):
            # Without the parameter, the host would return every space.
            return []
        named = {name: ",".join(value) for name, value in wanted.items() if value}
        params = {**named, "limit": _PAGE_SIZE}
        pages = iterate_pages(self._client, SPACES, params=params)
        return [_space(entry) for page in pages for entry in page.items]


def _space(entry: Any) -> SpacePolicy:
    try:
        blocked = entry["dataPolicy"]["anyContentBlocked"]
        if not isinstance(blocked, bool):
            raise TypeError
        names = (str(entry["id"]), str(entry["key"]), str(entry["name"]))
        return SpacePolicy(*names, blocked)
    except (KeyError, TypeError):
        message = "the answer is not a data policy"
        raise HostResponseError(200, message, method="GET", path=SPACES) from None
