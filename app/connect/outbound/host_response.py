"""Host responses: read their JSON, or turn them into errors."""

from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from ..errors import (
    HostResponseError,
    HostUnavailableError,
    RateLimitedError,
    Unavailable,
)
from ..http.bounded_session import TooLargeError
from ..protocol.retries import parse_retry_after

MAX_MESSAGE: Final = 500
"""How many characters of a host's message are kept."""

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


def error_of(response: requests.Response) -> HostResponseError:
    """Return the error for an answer with status 400 or more."""
    limited = response.status_code == 429
    kind = RateLimitedError if limited else HostResponseError
    error = _error(kind, response, _message(response))
    error.retry_after = retry_after(response)
    if response.status_code == 503 or (
        response.status_code > 500 and error.retry_after is not None
    ):
        error.temporary = True
    return error


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


def shown(text: str) -> str:
    """Return the start of a host's message on one line."""
    # It ends up in logs and terminals, which control characters could manipulate.
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE])
    return " ".join(printable.split())


def retry_after(response: requests.Response) -> float | None:
    """Return ``Retry-After``, seconds or a date, as seconds; None if missing or odd."""
    return parse_retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))


def _error(kind: type[_E], response: requests.Response, message: str) -> _E:
    request = response.request
    path = urlsplit(request.url or "").path
    return kind(response.status_code, message, method=request.method or "", path=path)


def _message(response: requests.Response) -> str:
    """Return the host's error message, which comes in several JSON formats."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    found = None
    if isinstance(body, dict):
        found = body.get("message") or body.get("errorMessage") or body.get("detail")
    return shown(found if isinstance(found, str) else response.reason or "no message")
