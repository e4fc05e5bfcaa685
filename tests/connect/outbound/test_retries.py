"""Retries of calls to the host, outside of requests and tasks."""

import io
import logging
from typing import Any

import pytest
import requests
import responses

from app.connect import TenantService
from app.connect.errors import (
    HostError,
    HostResponseError,
    HostUnavailableError,
    RateLimitedError,
)
from app.connect.outbound.retry import MAX_DELAY, MAX_WAIT
from app.connect.protocol.tokens import outbound_claims
from tests.connect.outbound.host import assert_signed, claims_of
from tests.connect.outbound.host_calls import SPACE
from tests.waits import Waits

BUSY: dict[str, Any] = {"status": 503}


def busy_then_well(
    network: responses.RequestsMock, method: str = "GET", times: int = 1, **busy: Any
) -> None:
    for _ in range(times):
        network.add(method, SPACE, **(busy or BUSY))
    network.add(method, SPACE, json={"results": []})


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param({"status": 429}, id="429"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"status": 502, "headers": {"Retry-After": "2"}}, id="502, asked"),
        pytest.param({"body": requests.ConnectionError()}, id="connection"),
        pytest.param({"body": requests.ConnectTimeout()}, id="connect time-out"),
        pytest.param({"body": requests.ReadTimeout()}, id="read time-out"),
        pytest.param(
            {"body": requests.exceptions.ChunkedEncodingError()}, id="broken off"
        ),
    ],
)
def test_temporary_errors_are_retried(
    service: TenantService, network: responses.RequestsMock, busy: dict[str, Any]
) -> None:
    busy_then_well(network, **busy)
    assert service.get_json("/rest/api/space") == {"results": []}
    assert len(network.calls) == 2


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param({"status": 400}, id="400"),
        pytest.param({"status": 401}, id="401"),
        pytest.param({"status": 404, "headers": {"Retry-After": "1"}}, id="404, asked"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 502}, id="502"),
        pytest.param({"body": requests.exceptions.SSLError()}, id="TLS"),
        pytest.param({"body": requests.exceptions.InvalidURL()}, id="URL"),
    ],
)
def test_other_errors_are_not_retried(
    service: TenantService,
    network: responses.RequestsMock,
    waits: Waits,
    failure: dict[str, Any],
) -> None:
    network.get(SPACE, **failure)
    with pytest.raises(HostError) as caught:
        service.request("GET", "/rest/api/space")
    assert [call.request.url for call in network.calls].count(SPACE) == 1
    assert waits.seconds == []
    assert caught.value.retry_in is None
    assert not caught.value.temporary


def test_the_wait_doubles_and_ends_with_the_fourth_try(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    for _ in range(4):
        network.get(SPACE, status=503, json={"message": "Down"})
    with pytest.raises(HostResponseError) as caught:
        service.request("GET", "/rest/api/space")
    assert waits.seconds == [2, 4, 8]
    assert (caught.value.status_code, caught.value.message) == (503, "Down")
    assert caught.value.retry_in == 16


def test_the_pause_that_the_host_asks_for_is_kept(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    waits.jitter = 0
    busy_then_well(network, status=429, headers={"Retry-After": "17"})
    service.request("GET", "/rest/api/space")
    assert waits.seconds == [17]


def test_a_pause_becomes_longer_by_jitter_but_never_shorter(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    waits.jitter = 1
    busy_then_well(network, status=429, headers={"Retry-After": "20"})
    service.request("GET", "/rest/api/space")
    assert waits.seconds == [22]


def test_a_retry_after_of_0_still_backs_off(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    busy_then_well(network, status=429, headers={"Retry-After": "0"})
    service.request("GET", "/rest/api/space")
    assert waits.seconds == [2]


def test_a_pause_beyond_the_bound_is_left_to_the_caller(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    asked = str(int(MAX_WAIT) + 1)
    network.get(SPACE, status=429, headers={"Retry-After": asked})
    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")
    assert waits.seconds == []
    assert caught.value.retry_after == MAX_WAIT + 1
    assert caught.value.retry_in is not None
    assert MAX_WAIT < caught.value.retry_in < MAX_DELAY


def test_a_task_is_put_off_for_a_bounded_time(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "999999"})
    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")
    assert caught.value.retry_in == MAX_DELAY


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_idempotent_methods_are_retried(
    service: TenantService, network: responses.RequestsMock, method: str
) -> None:
    network.add(method, SPACE, **BUSY)
    network.add(method, SPACE)
    assert service.request(method, "/rest/api/space").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_not_retried(
    service: TenantService, network: responses.RequestsMock, method: str
) -> None:
    network.add(method, SPACE, **BUSY)
    with pytest.raises(HostResponseError) as caught:
        service.request(method, "/rest/api/space", json={})
    assert caught.value.retry_in is None
    assert caught.value.temporary


def test_a_post_is_tried_again_on_request_with_its_body(
    service: TenantService, network: responses.RequestsMock
) -> None:
    busy_then_well(network, "POST", times=3)
    service.request("POST", "/rest/api/space", json={"key": "DS"}, retry=True)
    assert [call.request.body for call in network.calls] == [b'{"key": "DS"}'] * 4


def test_a_file_that_was_attached_is_sent_again_in_full(
    service: TenantService, network: responses.RequestsMock
) -> None:
    busy_then_well(network, "PUT")
    files = {"file": ("a.txt", io.BytesIO(b"canary"))}
    service.request("PUT", "/rest/api/space", files=files)
    first, second = (call.request.body for call in network.calls)
    assert isinstance(first, bytes) and b"canary" in first
    assert first == second


def test_a_stream_is_sent_once(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.put(SPACE, **BUSY)
    with pytest.raises(HostResponseError):
        service.request("PUT", "/rest/api/space", data=iter([b"canary"]), retry=True)


def test_a_get_is_tried_once_on_request(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, **BUSY)
    with pytest.raises(HostResponseError):
        service.request("GET", "/rest/api/space", retry=False)


def test_each_try_has_a_new_token_for_the_same_request(
    service: TenantService,
    network: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = iter([100.0, 200.0])
    monkeypatch.setattr(
        "app.connect.outbound.auth.outbound_claims", aged_by(lambda: next(seconds))
    )
    busy_then_well(network)
    service.request("GET", "/rest/api/space", params={"start": 5})
    tokens = []
    for call in network.calls:
        assert_signed(call.request)
        tokens.append(claims_of(call.request.headers["Authorization"]))
    first, second = tokens
    assert first["qsh"] == second["qsh"]
    assert (first["iat"], first["exp"]) != (second["iat"], second["exp"])


def aged_by(seconds: Any) -> Any:
    """Sign claims as of some seconds ago, within the token's lifetime."""

    def make(**about: Any) -> dict[str, Any]:
        claims, age = dict(outbound_claims(**about)), int(seconds()) // 10
        return {**claims, "iat": claims["iat"] - age, "exp": claims["exp"] - age}

    return make


def test_a_wait_is_logged_without_a_secret(
    service: TenantService,
    network: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    busy_then_well(network)
    with caplog.at_level(logging.WARNING, "app.connect.outbound"):
        service.request("GET", "/rest/api/space?secret=canary")
    [record] = caplog.records
    assert "waiting 2.0 seconds for the host" in record.message
    assert "canary" not in record.message


def test_no_answer_after_four_tries_is_still_unavailable(
    service: TenantService, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(SPACE, body=requests.ConnectionError())
    with pytest.raises(HostUnavailableError) as caught:
        service.request("GET", "/rest/api/space")
    assert len(network.calls) == 4
    assert waits.seconds == [2, 4, 8]
    assert caught.value.retry_in == 16
