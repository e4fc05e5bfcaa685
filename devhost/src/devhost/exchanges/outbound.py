"""The recorder of the host's calls to an app."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from devhost.exchanges.bounded import TooLargeError, read_bounded
from devhost.exchanges.log import ExchangeLog


@dataclass(frozen=True)
class Sender:
    """The name under which a session's requests are recorded, and where."""

    log: ExchangeLog
    kind: str
    app_key: str = ""
    base_path: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    # If given, a response is read only up to this size and until ``give_up_at``.
    max_bytes: int | None = None
    give_up_at: float = float("inf")


class RecordingAdapter(HTTPAdapter):
    """An adapter of requests that records each request with its answer."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """Send and record; an error is raised unchanged."""
        started_at, begin = time.time(), time.perf_counter()
        answer, failure = None, ""
        try:
            answer = super().send(request, *args, **options)
            self._read(answer)
        except requests.RequestException as error:
            failure = _failure(error)
            raise
        finally:
            milliseconds = (time.perf_counter() - begin) * 1000
            times = {"started_at": started_at, "milliseconds": milliseconds}
            self._record(request, answer, failure, times)
        return answer

    def _read(self, answer: requests.Response) -> None:
        if self._sender.max_bytes is None:
            _ = answer.content
            return
        read_bounded(
            answer,
            max_bytes=self._sender.max_bytes,
            give_up_at=self._sender.give_up_at,
        )

    def _record(
        self,
        request: requests.PreparedRequest,
        answer: requests.Response | None,
        failure: str,
        times: dict[str, float],
    ) -> None:
        fields: dict[str, Any] = dict(times)
        if answer is not None and not failure:
            fields["status"] = answer.status_code
            fields["response_headers"] = tuple(answer.headers.items())
            fields["response_body"] = answer.content
        self._sender.log.record(
            kind=self._sender.kind,
            direction="to-app",
            app_key=self._sender.app_key,
            base_path=self._sender.base_path,
            method=str(request.method),
            url=str(request.url),
            request_headers=tuple(
                (str(name), _text(value)) for name, value in request.headers.items()
            ),
            request_body=_body(request),
            failure=failure,
            notes=dict(self._sender.notes),
            **fields,
        )


def _failure(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "SSL error"
    if isinstance(error, TooLargeError):
        return "too large"
    return "no connection"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(request: requests.PreparedRequest) -> bytes:
    body = request.body
    if isinstance(body, str):
        return body.encode("utf-8")
    return body if isinstance(body, bytes) else b""


def record_iframe(
    log: ExchangeLog, *, app_key: str, base_url: str, url: str, user: str | None
) -> None:
    """Record an iframe URL that was signed; a browser may or may not load it."""
    log.record(
        kind="iframe",
        direction="to-app",
        app_key=app_key,
        base_path=urlsplit(base_url).path,
        method="GET",
        url=url,
        user=user or "",
    )


def record_context_token(
    log: ExchangeLog, *, app_key: str, base_url: str, token: str, user: str | None
) -> None:
    """Record a context JWT that was handed to a page of the app."""
    log.record(
        kind="context-token",
        direction="to-app",
        app_key=app_key,
        method="GET",
        url=base_url,
        base_path=urlsplit(base_url).path,
        handed_out=token,
        user=user or "",
    )
