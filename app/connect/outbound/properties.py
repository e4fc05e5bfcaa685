"""App properties: a small key-value store that the host keeps for the app.

Any user can read and write them through ``AP.request``: never store secrets in them,
or base access decisions on them.
https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-app-properties/
"""

import json
from typing import Any, Final
from urllib.parse import quote

import requests

from ..errors import (
    AppNotFoundError,
    HostResponseError,
    PropertyLimitError,
    PropertyNotFoundError,
)
from .client import HostClient
from .host_response import is_unknown_app, read_json
from .safe_url import has_dot_segment

MAX_KEY_LENGTH: Final = 127
"""In characters."""

MAX_VALUE_BYTES: Final = 32 * 1024
"""The size in bytes of a value as compact JSON in UTF-8."""

CLIENT_KEY_PROPERTY: Final = "connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8"
"""A read-only property that the host provides: the tenant's client key."""


class AppProperties:
    """The app properties of one tenant.

    Each call raises AppNotFoundError if the host does not know the app's key.
    """

    def __init__(self, client: HostClient, app_key: str) -> None:
        self._client = client
        self._path = f"/rest/atlassian-connect/1/addons/{quote(app_key)}/properties"

    def keys(self) -> list[str]:
        """Return the keys of all properties except the reserved one.

        :raises HostError: if the host does not answer, or refuses.
        """
        response = self._request("GET", self._path)
        body = read_json(response)
        try:
            return [entry["key"] for entry in body["keys"]]
        except (KeyError, TypeError):
            raise _unreadable(response.status_code, "GET", self._path) from None

    def get(self, key: str) -> Any:
        """Return the JSON value of a property.

        :raises ValueError: if *key* is not a property key.
        :raises PropertyNotFoundError: if there is no such property.
        :raises HostError: if the host does not answer, or refuses.
        """
        path = self._path_of(key)
        # Without jsonValue a host may return the value as a string of JSON.
        response = self._existing("GET", path, params={"jsonValue": "true"})
        body = read_json(response)
        try:
            return body["value"]
        except (KeyError, TypeError):
            raise _unreadable(response.status_code, "GET", path) from None

    def set(self, key: str, value: Any) -> bool:
        """Create or update a property; return True if it was created.

        *value* is any JSON value of up to 32 KB.

        :raises ValueError: if *key* or *value* breaks a limit; nothing is sent.
        :raises PropertyLimitError: if the host stores no more properties for the app.
        :raises HostError: if the host does not answer, or refuses.
        """
        path, body = self._path_of(key, writing=True), _encode(value)
        headers = {"Content-Type": "application/json"}
        try:
            response = self._request("PUT", path, data=body, headers=headers)
        except HostResponseError as error:
            if error.status_code == 409:
                raise PropertyLimitError.of(error) from None
            raise
        return response.status_code == 201

    def delete(self, key: str) -> None:
        """Delete a property.

        :raises ValueError: if *key* is not a property key; nothing is sent.
        :raises PropertyNotFoundError: if there is no such property.
        :raises HostError: if the host does not answer, or refuses.
        """
        self._existing("DELETE", self._path_of(key, writing=True))

    def _existing(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._request(method, path, **options)
        except HostResponseError as error:
            # Not one of the more specific errors, nor a 404 without a message, which
            # may come from a gateway.
            plain = type(error) is HostResponseError and error.explained
            if plain and error.status_code == 404:
                raise PropertyNotFoundError.of(error) from None
            raise

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._client.request(method, path, **options)
        except HostResponseError as error:
            if is_unknown_app(error):
                raise AppNotFoundError.of(error) from None
            raise

    def _path_of(self, key: str, *, writing: bool = False) -> str:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_LENGTH:
            raise ValueError(f"a property key has 1 to {MAX_KEY_LENGTH} characters")
        if writing and key == CLIENT_KEY_PROPERTY:
            raise ValueError("this property key is reserved and read-only")
        try:
            segment = quote(key, safe="")
        except UnicodeEncodeError:
            raise ValueError("a property key is valid Unicode") from None
        if has_dot_segment(f"/{segment}"):
            raise ValueError("a property key has no '.' or '..' between slashes")
        return f"{self._path}/{segment}"


def _encode(value: Any) -> bytes:
    try:
        text = json.dumps(
            value, allow_nan=False, ensure_ascii=False, separators=(",", ":")
        )
        body = text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"a property value is JSON: {error}") from None
    if len(body) > MAX_VALUE_BYTES:
        raise ValueError(
            f"a property value has at most {MAX_VALUE_BYTES} bytes of JSON; "
            f"this one has {len(body)}"
        )
    return body


def _unreadable(status_code: int, method: str, path: str) -> HostResponseError:
    message = "the answer is not an app property"
    return HostResponseError(status_code, message, method=method, path=path)
