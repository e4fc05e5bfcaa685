"""Host responses: what an answer without success, or without any answer, means."""

import pytest
import requests

from app.connect.errors import HostResponseError, Unavailable
from app.connect.outbound.host_response import error_of, is_unknown_app, unavailable


def answer(status: int, **headers: str) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    found.headers.update(headers)
    found.request = requests.Request("GET", "https://example.atlassian.net/x").prepare()
    return found


@pytest.mark.parametrize(
    ("status", "headers", "temporary"),
    [
        (503, {}, True),
        (502, {"Retry-After": "1"}, True),
        (501, {"Retry-After": "1"}, True),
        (502, {}, False),
        # The host may have done what it was asked for.
        (500, {"Retry-After": "1"}, False),
    ],
)
def test_an_error_is_temporary_if_the_host_says_so(
    status: int, headers: dict[str, str], temporary: bool
) -> None:
    assert error_of(answer(status, **headers)).temporary is temporary


def test_an_error_without_any_text_says_so() -> None:
    assert error_of(answer(502)).message == "no message"


@pytest.mark.parametrize(("status", "is_unknown"), [(404, True), (400, False)])
def test_an_unknown_app_is_a_404(status: int, is_unknown: bool) -> None:
    message = "App with key x does not exist."
    error = HostResponseError(status, message, method="GET", path="/x")
    assert is_unknown_app(error) is is_unknown


def test_a_timeout_is_told_from_other_failures() -> None:
    reasons = [
        unavailable("GET", "/x", error()).reason
        for error in (requests.ReadTimeout, requests.ConnectionError)
    ]
    assert reasons == [Unavailable.TIMEOUT, Unavailable.NO_ANSWER]
