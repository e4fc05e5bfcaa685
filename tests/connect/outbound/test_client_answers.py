"""Answers of the host, and the errors they become."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import responses

from app.connect import TenantService
from app.connect.db.columns import utc_now
from app.connect.errors import (
    HostResponseError,
    RateLimitedError,
    SiteUnavailableError,
    TokenRefusedError,
)
from app.connect.outbound.host_response import read_json
from tests.connect.outbound.host import (
    RawHost,
)
from tests.connect.outbound.host_calls import SPACE

V1_BODY = {
    "statusCode": 404,
    "data": {"authorized": False, "valid": False, "errors": []},
    "message": "No space with key: X",
}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"json": V1_BODY}, "No space with key: X", id="message"),
        pytest.param({"json": {"errorMessage": "Not now"}}, "Not now", id="older"),
        pytest.param({"json": {"detail": "Bad id"}}, "Bad id", id="detail"),
        pytest.param({"json": {"message": {"a": 1}}}, "Not Found", id="no text"),
        pytest.param({"json": {"message": None}}, "Not Found", id="null message"),
        pytest.param({"json": {}}, "Not Found", id="empty object"),
        pytest.param({"json": ["message"]}, "Not Found", id="array"),
        pytest.param({"json": "message"}, "Not Found", id="string"),
        pytest.param({"body": "null"}, "Not Found", id="null"),
        pytest.param({"body": "<h1>Oops</h1>"}, "Not Found", id="HTML"),
        pytest.param({"body": ""}, "Not Found", id="empty"),
        pytest.param({"body": b"\xff\xfe\x00"}, "Not Found", id="bytes"),
        pytest.param({"body": "[" * 100_000}, "Not Found", id="deep"),
        pytest.param({"body": "x" * 1_000_000}, "Not Found", id="huge"),
    ],
)
def test_a_refusal_carries_the_hosts_own_message(
    service: TenantService,
    network: responses.RequestsMock,
    body: dict[str, Any],
    message: str,
) -> None:
    network.get(SPACE, status=404, **body)

    with pytest.raises(HostResponseError) as caught:
        service.request("GET", "/rest/api/space?secret=hidden")

    error = caught.value
    assert type(error) is HostResponseError
    assert (error.status_code, error.message) == (404, message)
    assert error.explained == (message != "Not Found")
    assert (error.method, error.path) == ("GET", "/wiki/rest/api/space")
    assert str(error) == f"GET /wiki/rest/api/space answered 404: {message}"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 500, 502, 503, 599])
def test_every_status_from_400_is_an_error(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.delete(SPACE, status=status)
    with pytest.raises(HostResponseError) as caught:
        service.request("DELETE", "/rest/api/space")
    assert type(caught.value) is HostResponseError
    assert caught.value.status_code == status
    assert caught.value.message


def test_a_refused_token_is_told_apart(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=401, json={"message": "Unknown app"})
    with pytest.raises(TokenRefusedError, match="answered 401: Unknown app"):
        service.request("GET", "/rest/api/space")


@pytest.mark.parametrize("status", [404, 503])
def test_a_closed_site_is_told_apart(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    says = {"errorMessage": "Site temporarily unavailable"}
    network.get(SPACE, status=status, json=says)
    with pytest.raises(SiteUnavailableError) as caught:
        service.request("GET", "/rest/api/space", retry=False)
    assert caught.value.temporary == (status == 503)


@pytest.mark.parametrize("status", [200, 201, 204, 304, 399])
def test_every_status_below_400_is_an_answer(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.delete(SPACE, status=status)
    assert service.request("DELETE", "/rest/api/space").status_code == status


def test_a_status_without_a_name_has_a_message_too(
    raw_service: TenantService, raw_host: RawHost
) -> None:
    raw_host.answers.append((499, b""))
    with pytest.raises(HostResponseError) as caught:
        raw_service.request("GET", "/rest")
    assert caught.value.message == "no message"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("0", 0.0, id="now"),
        pytest.param("17", 17.0, id="seconds"),
        pytest.param(" 17 ", 17.0, id="white space"),
        pytest.param("9" * 5_000, 999_999_999.0, id="huge"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="date in the past"),
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 -0000", None, id="no time zone"),
        pytest.param(f"Mon, 1 Jan {'9' * 20} 00:00:00 GMT", None, id="huge year"),
        pytest.param(f"Mon, 1 Jan 2030 00:00:00 +{'9' * 20}", None, id="huge zone"),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(
    service: TenantService,
    network: responses.RequestsMock,
    value: str | None,
    seconds: float | None,
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    network.get(SPACE, status=429, json={"message": "Slow down"}, headers=headers)

    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")

    assert caught.value.retry_after == seconds
    assert (caught.value.status_code, caught.value.message) == (429, "Slow down")


def test_a_rate_limit_until_a_date_is_counted_from_now(
    service: TenantService, network: responses.RequestsMock
) -> None:
    until = format_datetime(utc_now() + timedelta(hours=1), usegmt=True)
    network.get(SPACE, status=429, headers={"Retry-After": until})
    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")
    assert caught.value.retry_after is not None
    assert 3000 < caught.value.retry_after <= 3600


def test_only_429_is_a_rate_limit(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=503, headers={"Retry-After": "17"})
    with pytest.raises(HostResponseError) as caught:
        service.request("GET", "/rest/api/space")
    assert not isinstance(caught.value, RateLimitedError)


def test_the_json_of_an_answer_is_read(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={"results": []})
    assert read_json(service.request("GET", "/rest/api/space")) == {"results": []}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, "<html>", id="HTML"),
        pytest.param(200, "", id="empty"),
        pytest.param(200, b"\xff\xff", id="bytes"),
        pytest.param(200, "[" * 100_000, id="deep"),
        pytest.param(302, "", id="redirect"),
    ],
)
def test_an_answer_that_is_not_json_is_a_host_response_error(
    service: TenantService,
    network: responses.RequestsMock,
    status: int,
    body: str | bytes,
) -> None:
    network.get(SPACE, status=status, body=body)
    answer = service.request("GET", "/rest/api/space")
    with pytest.raises(HostResponseError) as caught:
        read_json(answer)
    assert caught.value.status_code == status
    assert caught.value.message == "the answer is not JSON"
    assert (caught.value.method, caught.value.path) == ("GET", "/wiki/rest/api/space")
