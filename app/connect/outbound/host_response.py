"""Host responses: read their JSON, or turn them into errors."""

import re
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from ..errors import (
    HostResponseError,
    HostUnavailableError,
    RateLimitedError,
    SiteUnavailableError,
    TokenRefusedError,
    Unavailable,
)
from ..http.bounded_session import TooLargeError
from ..protocol.retries import parse_retry_after
from .error_message import find_message, shown

SITE_UNAVAILABLE: Final = "site temporarily unavailable"
"""What Atlassian answers for a closed site, with status 404 or 503."""

# "App with key does not exist." and older forms of it.
_UNKNOWN_APP = re.compile(
    r"(?:app|add-?on)(?: with key\b.*)? (?:does not exist|was not found|not found)",
    re.IGNORECASE,
)
_TEMPORARY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)
_E = TypeVar("_E", bound=HostResponseError)


def read_json(response: requests.Response) -> Any:
    """Return the JSON of an answer.

    :raises HostResponseError: if it is not JSON.
    """
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise _error(HostResponseError, response, "the answer is not JSON") from None


def read_json_of_200(response: requests.Response) -> Any:
    """Return the JSON of an answer that decides what somebody may do.

    :raises HostResponseError: if its status is not 200, or if it is not JSON.
    """
    if response.status_code != 200:
        raise _error(HostResponseError, response, "the answer is not a 200")
    return read_json(response)


def error_of(response: requests.Response) -> HostResponseError:
    """Return the error for an answer with status 400 or more."""
    message = find_message(_json(response))
    name = shown(response.reason or "") or "no message"
    kind = _kind(response.status_code, message)
    error = _error(kind, response, message or name)
    error.explained = message is not None
    error.retry_after = retry_after(response)
    if response.status_code == 503 or (
        response.status_code > 500 and error.retry_after is not None
    ):
        error.temporary = True
    return error


def is_unknown_app(error: HostResponseError) -> bool:
    """Return whether one of Connect's resources does not know the app's key."""
    return error.status_code == 404 and _UNKNOWN_APP.match(error.message) is not None


def unavailable(
    method: str | None, url: str | bytes | None, error: Exception
) -> HostUnavailableError:
    """Return the error for a request that got no answer."""
    # The URL's query and the library's message can contain secrets.
    path = str(url).partition("?")[0]
    timed_out = isinstance(error, requests.Timeout)
    unavailable = HostUnavailableError(
        f"{method} {path} got no answer: {type(error).__name__}",
        reason=Unavailable.TIMEOUT if timed_out else Unavailable.NO_ANSWER,
    )
    unavailable.temporary = isinstance(error, _TEMPORARY) and not isinstance(
        error, requests.exceptions.SSLError
    )
    return unavailable


def too_large(error: TooLargeError) -> HostResponseError:
    """Return the error for an answer that is larger than its caller accepts."""
    message = f"{error}: ask for less, or raise max_bytes"
    return _error(HostResponseError, error.answer, message)


def retry_after(response: requests.Response) -> float | None:
    """Return ``Retry-After``, seconds or a date, as seconds; None if missing or odd."""
    return parse_retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))


def _error(kind: type[_E], response: requests.Response, message: str) -> _E:
    request = response.request
    path = urlsplit(request.url or "").path
    return kind(response.status_code, message, method=request.method or "", path=path)


def _kind(status_code: int, message: str | None) -> type[HostResponseError]:
    if status_code == 429:
        return RateLimitedError
    if status_code == 401:
        return TokenRefusedError
    closed = SITE_UNAVAILABLE in (message or "").lower()
    return SiteUnavailableError if closed else HostResponseError


def _json(response: requests.Response) -> Any:
    """Return the JSON of an answer; None if it is not JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
