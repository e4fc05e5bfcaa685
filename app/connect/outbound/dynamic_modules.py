"""Dynamic modules: modules that the app registers for one tenant at run time.

https://developer.atlassian.com/cloud/confluence/dynamic-modules/
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import HostResponseError, ModuleRejectedError
from .client import HostClient
from .host_response import read_json

_PATH: Final = "/rest/atlassian-connect/1/app/module/dynamic"

Modules = dict[str, list[dict[str, Any]]]
"""Modules by type, as under ``modules`` in the descriptor."""


class DynamicModules:
    """The dynamic modules of one tenant, at most 100."""

    def __init__(self, client: HostClient) -> None:
        self._client = client

    def list(self) -> Modules:
        """Return the registered modules by type.

        :raises HostError: if the host does not answer, or refuses.
        """
        response = self._client.request("GET", _PATH)
        found = read_json(response)
        if not isinstance(found, dict):
            raise HostResponseError(
                response.status_code,
                "the answer is not an object of modules",
                method="GET",
                path=_PATH,
            )
        return found

    def register(self, modules: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Register modules, given as under ``modules`` in the descriptor.

        The host takes all of them or none.

        :raises ModuleRejectedError: with the host's reason in ``message``.
        :raises HostError: if the host does not answer, or refuses otherwise.
        """
        try:
            self._client.request("POST", _PATH, json=modules)
        except HostResponseError as error:
            if error.status_code == 400:
                raise ModuleRejectedError.of(error) from None
            raise

    def remove(self, *keys: str) -> None:
        """Remove modules by their keys; unknown keys are ignored.

        :raises ValueError: if no key is given, or an empty one, which the host would
            read as all modules.
        :raises HostError: if the host does not answer, or refuses.
        """
        if not keys or not all(isinstance(key, str) and key for key in keys):
            raise ValueError("name at least one module key, none of them empty")
        self._client.request("DELETE", _PATH, params={"moduleKey": keys})

    def remove_all(self) -> None:
        """Remove every dynamic module of the tenant.

        :raises HostError: if the host does not answer, or refuses.
        """
        self._client.request("DELETE", _PATH)
