"""Errors of app property calls, and odd keys on the wire."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
import requests
import responses
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.connect import TenantService
from app.connect.errors import (
    AppNotFoundError,
    HostResponseError,
    HostUnavailableError,
    PropertyLimitError,
    PropertyNotFoundError,
    RateLimitedError,
    TokenRefusedError,
)
from tests import signing
from tests.connect.outbound.host import RawHost, claims_of
from tests.connect.outbound.property_calls import ANY_PROPERTY, CALLS, PROPERTIES

KEYS = pytest.param("GET", lambda properties, key: properties.keys(), id="keys")


@pytest.mark.parametrize(("method", "call"), [CALLS[0], CALLS[2]])
def test_a_property_that_is_not_there_is_a_property_not_found_error(
    service: TenantService, network: responses.RequestsMock, method: str, call: Any
) -> None:
    network.add(
        method,
        f"{PROPERTIES}/abcd",
        status=404,
        json={"message": "Property with key not found."},
    )
    with pytest.raises(PropertyNotFoundError) as caught:
        call(service.properties, "abcd")
    error = caught.value
    assert (error.status_code, error.message) == (404, "Property with key not found.")
    assert error.method == method
    assert error.path == PROPERTIES.removeprefix("https://example.atlassian.net") + (
        "/abcd"
    )


def test_a_write_or_a_list_that_answers_404_is_no_missing_property(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.put(f"{PROPERTIES}/abcd", status=404)
    network.get(PROPERTIES, status=404)
    for call in (lambda: service.properties.set("abcd", 1), service.properties.keys):
        with pytest.raises(HostResponseError) as caught:
            call()
        assert type(caught.value) is HostResponseError


UNKNOWN_APP = [
    "App with key does not exist.",
    "Add-on with key does not exist.",
    "App with key com.example.app was not found",
]


@pytest.mark.parametrize(("method", "call"), [*CALLS, KEYS])
@pytest.mark.parametrize("message", UNKNOWN_APP)
def test_an_app_that_the_host_does_not_know_is_no_missing_property(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    call: Any,
    message: str,
) -> None:
    url = re.compile(re.escape(PROPERTIES) + ".*")
    network.add(method, url, status=404, json={"message": message})
    with pytest.raises(AppNotFoundError) as caught:
        call(service.properties, "abcd")
    assert not isinstance(caught.value, PropertyNotFoundError)
    assert (caught.value.status_code, caught.value.message) == (404, message)


@pytest.mark.parametrize(("method", "call"), [CALLS[0], CALLS[2]])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"body": "<html>Your site is gone"}, id="HTML"),
        pytest.param({}, id="nothing"),
        pytest.param({"json": {"key": "abcd"}}, id="no message"),
        pytest.param(
            {"json": {"errorMessage": "Site temporarily unavailable"}}, id="closed site"
        ),
    ],
)
def test_a_404_that_is_not_about_the_property_is_no_missing_property(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    call: Any,
    answer: dict[str, Any],
) -> None:
    network.add(method, ANY_PROPERTY, status=404, **answer)
    with pytest.raises(HostResponseError) as caught:
        call(service.properties, "abcd")
    assert not isinstance(caught.value, PropertyNotFoundError)


def test_a_property_named_like_an_unknown_app_is_a_missing_property(
    service: TenantService, network: responses.RequestsMock
) -> None:
    message = "Property with key App with key does not exist. not found."
    network.get(ANY_PROPERTY, status=404, json={"message": message})
    with pytest.raises(PropertyNotFoundError):
        service.properties.get("App with key does not exist.")


def test_a_host_that_stores_no_more_properties_is_told_apart(
    service: TenantService, network: responses.RequestsMock
) -> None:
    message = "Maximum number of properties allowed to be stored 100 has been reached."
    network.put(ANY_PROPERTY, status=409, json={"message": message})
    with pytest.raises(PropertyLimitError, match="100 has been reached"):
        service.properties.set("abcd", 1)


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, HostResponseError),
        (401, TokenRefusedError),
        (403, HostResponseError),
        (429, RateLimitedError),
        (500, HostResponseError),
    ],
)
def test_another_refusal_keeps_its_kind(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    call: Any,
    status: int,
    kind: type[HostResponseError],
) -> None:
    network.add(method, ANY_PROPERTY, status=status, json={"message": "No."})
    with pytest.raises(HostResponseError) as caught:
        call(service.properties, "abcd")
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.message) == (status, "No.")


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_a_host_that_is_away_is_no_missing_property(
    service: TenantService, network: responses.RequestsMock, method: str, call: Any
) -> None:
    network.add(method, ANY_PROPERTY, body=requests.ConnectionError("away"))
    with pytest.raises(HostUnavailableError):
        call(service.properties, "abcd")


ODD_KEYS = [
    *("/", "?", "%", "+", " ", "é", "日本", "🙂", "a/..b", "%2F", ";", "#", "&", "="),
    *("a../b", "/etc", "a/", "a//b", ".a", "...", "a.", "%2e%2e", "%", "%zz", "\\"),
    *("a b+c", "a;jsessionid=1", "x?y=z&jwt=1", "#top", "~-._", "'\"<>", "\n", "\x00"),
    *("@evil.example", ":", "e\u0301", "\u202e", "[]{}|^`", "!$'()*,"),
]


def assert_arrives(host: RawHost, method: str, key: str, query: str = "") -> None:
    """Check that the newest request names exactly this key, and is signed for it."""
    request = host.requests[-1]
    assert request["method"] == method
    path, separator, found_query = request["target"].partition("?")
    assert separator + found_query == query
    prefix = f"/wiki/rest/atlassian-connect/1/addons/{signing.APP_KEY}/properties/"
    assert path.startswith(prefix)
    segment = path.removeprefix(prefix)
    assert "/" not in segment
    assert unquote(segment, errors="strict") == key
    claims = claims_of(request["authorization"])
    relative = request["target"].removeprefix("/wiki")
    assert claims["qsh"] == signing.qsh(method, relative)


def round_trip(service: TenantService, host: RawHost, key: str) -> None:
    host.answers[:] = [(201, b""), (200, b'{"value": [1]}'), (204, b"")]
    assert service.properties.set(key, [1]) is True
    assert_arrives(host, "PUT", key)
    assert host.requests[-1]["body"] == "[1]"
    assert service.properties.get(key) == [1]
    assert_arrives(host, "GET", key, "?jsonValue=true")
    service.properties.delete(key)
    assert_arrives(host, "DELETE", key)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key_arrives_as_it_is(
    raw_service: TenantService, raw_host: RawHost, key: str
) -> None:
    round_trip(raw_service, raw_host, key)


@settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    key=st.text(min_size=1, max_size=127).filter(
        lambda key: not {".", ".."} & set(re.split(r"[/\\;]", key))
    )
)
@example(key="🙂" * 127)
def test_any_key_arrives_as_it_is(
    raw_service: TenantService, raw_host: RawHost, key: str
) -> None:
    round_trip(raw_service, raw_host, key)


def test_a_not_found_error_of_the_real_server_names_no_query(
    raw_service: TenantService, raw_host: RawHost
) -> None:
    raw_host.answers.append((404, b'{"message": "Property with key not found."}'))
    with pytest.raises(PropertyNotFoundError) as caught:
        raw_service.properties.get("a/b?c")
    assert caught.value.path.endswith("/properties/a%2Fb%3Fc")
