"""What a host answered: its JSON, or the error that the answer stands for."""

from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from ..errors import HostResponseError, HostUnavailableError, RateLimitedError
from ..protocol.retries import parse_retry_after

MAX_MESSAGE: Final = 500
"""Characters of a host's own words that are kept."""

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
    """Return the error that an answer of 400 or more stands for."""
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
    """Return the error of a request that got no answer."""
    # The query of the URL, and what the library says, can hold what is secret.
    path = str(url).partition("?")[0]
    unavailable = HostUnavailableError(
        f"{method} {path} got no answer: {type(error).__name__}"
    )
    unavailable.temporary = isinstance(error, _TEMPORARY) and not isinstance(
        error, requests.exceptions.SSLError
    )
    return unavailable


def shown(text: str) -> str:
    """Return the start of a host's words on one line."""
    # It ends in logs and terminals, which control characters could steer.
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE])
    return " ".join(printable.split())


def retry_after(response: requests.Response) -> float | None:
    """Read ``Retry-After``: seconds or a date. None if it is missing or odd."""
    return parse_retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))


def _error(kind: type[_E], response: requests.Response, message: str) -> _E:
    request = response.request
    path = urlsplit(request.url or "").path
    return kind(response.status_code, message, method=request.method or "", path=path)


def _message(response: requests.Response) -> str:
    """Return the host's own words, in whichever of its forms they come."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    found = None
    if isinstance(body, dict):
        found = body.get("message") or body.get("errorMessage") or body.get("detail")
    return shown(found if isinstance(found, str) else response.reason or "no message")
