"""App properties: limits before the call, and keys that survive the way."""

import json
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
    HostResponseError,
    HostUnavailableError,
    PropertyNotFoundError,
    RateLimitedError,
)
from app.connect.outbound.properties import (
    CLIENT_KEY_PROPERTY,
    MAX_KEY_LENGTH,
    MAX_VALUE_BYTES,
)
from tests import signing
from tests.connect.outbound.host import RawHost, assert_signed, claims_of

PROPERTIES = (
    f"{signing.SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}/properties"
)
RESERVED = "connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8"
ANY_PROPERTY = re.compile(re.escape(PROPERTIES) + "/.*")


def test_the_limits_are_those_of_the_document() -> None:
    assert (MAX_KEY_LENGTH, MAX_VALUE_BYTES) == (127, 32_768)
    assert CLIENT_KEY_PROPERTY == RESERVED


def test_keys_lists_the_keys(
    service: TenantService, network: responses.RequestsMock
) -> None:
    entries = [
        {"key": key, "self": f"{PROPERTIES}/{key}"}
        for key in ("first_key", "another_key")
    ]
    network.get(PROPERTIES, json={"keys": entries})

    assert service.properties.keys() == ["first_key", "another_key"]
    assert_signed(network.calls[0].request)


def test_keys_of_an_app_without_properties_is_an_empty_list(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(PROPERTIES, json={"keys": []})
    assert service.properties.keys() == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="no keys"),
        pytest.param([], id="array"),
        pytest.param("null", id="text"),
        pytest.param({"keys": None}, id="null keys"),
        pytest.param({"keys": ["a"]}, id="texts"),
        pytest.param({"keys": [{"self": "x"}]}, id="no key"),
    ],
)
def test_an_answer_that_lists_no_keys_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, answer: Any
) -> None:
    network.get(PROPERTIES, json=answer)
    with pytest.raises(HostResponseError, match="not an app property") as caught:
        service.properties.keys()
    assert caught.value.status_code == 200


VALUES = [
    pytest.param(None, id="null"),
    pytest.param(True, id="true"),
    pytest.param(False, id="false"),
    pytest.param(0, id="zero"),
    pytest.param(-1.5, id="number"),
    pytest.param(2**70, id="big number"),
    pytest.param("", id="empty text"),
    pytest.param("é 日本 🙂 <script> \u0000", id="text"),
    pytest.param([], id="empty array"),
    pytest.param([1, [None, {"a": "b"}]], id="array"),
    pytest.param({}, id="empty object"),
    pytest.param({"ключ": {"value": [1, 2]}}, id="object"),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_any_json_type_is_read(
    service: TenantService, network: responses.RequestsMock, value: Any
) -> None:
    network.get(f"{PROPERTIES}/abcd", json={"key": "abcd", "value": value})
    assert service.properties.get("abcd") == value


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_any_json_type_is_written(
    service: TenantService, network: responses.RequestsMock, value: Any
) -> None:
    network.put(f"{PROPERTIES}/abcd", status=201)

    service.properties.set("abcd", value)

    request = network.calls[0].request
    assert json.loads(request.body) == value
    assert request.headers["Content-Type"] == "application/json"
    assert_signed(request)


def test_a_property_is_read_as_json_and_not_as_text(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(f"{PROPERTIES}/abcd", json={"value": "1"})
    assert service.properties.get("abcd") == "1"
    assert network.calls[0].request.url == f"{PROPERTIES}/abcd?jsonValue=true"
    assert_signed(network.calls[0].request)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="no value"),
        pytest.param([], id="array"),
        pytest.param("value", id="text"),
        pytest.param(1, id="number"),
    ],
)
def test_an_answer_without_a_value_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, answer: Any
) -> None:
    network.get(f"{PROPERTIES}/abcd", json=answer)
    with pytest.raises(HostResponseError, match="not an app property") as caught:
        service.properties.get("abcd")
    assert type(caught.value) is HostResponseError


@pytest.mark.parametrize(
    ("status", "created"),
    [pytest.param(201, True, id="created"), pytest.param(200, False, id="updated")],
)
def test_set_says_whether_the_property_is_new(
    service: TenantService,
    network: responses.RequestsMock,
    status: int,
    created: bool,
) -> None:
    network.put(f"{PROPERTIES}/abcd", status=status)
    assert service.properties.set("abcd", 1) is created


def test_delete_answers_nothing(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.delete(f"{PROPERTIES}/abcd", status=204)
    service.properties.delete("abcd")
    assert network.calls[0].request.url == f"{PROPERTIES}/abcd"
    assert_signed(network.calls[0].request)


CALLS = [
    pytest.param("GET", lambda properties, key: properties.get(key), id="get"),
    pytest.param("PUT", lambda properties, key: properties.set(key, 1), id="set"),
    pytest.param("DELETE", lambda properties, key: properties.delete(key), id="delete"),
]


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize("character", ["k", "é", "日"])
def test_a_key_has_at_most_127_characters(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    call: Any,
    character: str,
) -> None:
    network.add(method, ANY_PROPERTY, json={"value": 1})
    call(service.properties, character * 127)
    assert len(network.calls) == 1

    with pytest.raises(ValueError, match="1 to 127 characters"):
        call(service.properties, character * 128)
    assert len(network.calls) == 1


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param("", "1 to 127 characters", id="empty"),
        pytest.param(None, "1 to 127 characters", id="none"),
        pytest.param(1, "1 to 127 characters", id="number"),
        pytest.param(b"abcd", "1 to 127 characters", id="bytes"),
        pytest.param(".", "not '.' or '..'", id="one dot"),
        pytest.param("..", "not '.' or '..'", id="two dots"),
        pytest.param("a\ud800", "valid Unicode", id="half a character"),
    ],
)
def test_a_key_that_no_path_can_hold_is_refused_before_the_call(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    call: Any,
    key: Any,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        call(service.properties, key)
    assert not network.calls


def test_the_reserved_key_is_readable(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(f"{PROPERTIES}/{RESERVED}", json={"value": signing.CLIENT_KEY})
    assert service.properties.get(RESERVED) == signing.CLIENT_KEY


@pytest.mark.parametrize(("method", "call"), CALLS[1:])
def test_the_reserved_key_is_never_written_nor_deleted(
    service: TenantService, network: responses.RequestsMock, method: str, call: Any
) -> None:
    network.add(method, f"{PROPERTIES}/{RESERVED}-")
    call(service.properties, f"{RESERVED}-")

    with pytest.raises(ValueError, match="reserved and read-only"):
        call(service.properties, RESERVED)
    assert len(network.calls) == 1


@pytest.mark.parametrize(
    ("largest", "one_more"),
    [
        pytest.param("a" * 32_766, "a" * 32_767, id="ASCII"),
        pytest.param("é" * 16_383, "é" * 16_383 + "a", id="two bytes each"),
        pytest.param("日" * 10_922, "日" * 10_922 + "a", id="three bytes each"),
        pytest.param("🙂" * 8_191 + "aa", "🙂" * 8_191 + "aaa", id="four bytes each"),
        pytest.param(
            {"a": ["b" * 32_758]}, {"a": ["b" * 32_759]}, id="without white space"
        ),
    ],
)
def test_a_value_has_at_most_32_kilobytes_of_utf_8(
    service: TenantService,
    network: responses.RequestsMock,
    largest: Any,
    one_more: Any,
) -> None:
    network.put(f"{PROPERTIES}/abcd")
    service.properties.set("abcd", largest)
    assert len(network.calls[0].request.body) == 32_768

    with pytest.raises(ValueError, match="at most 32768 bytes.* has 32769"):
        service.properties.set("abcd", one_more)
    assert len(network.calls) == 1


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(float("nan"), id="not a number"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param({"a": [float("-inf")]}, id="infinity inside"),
        pytest.param({1}, id="set"),
        pytest.param(b"x", id="bytes"),
        pytest.param(object(), id="object"),
        pytest.param({(1, 2): 3}, id="key that is no text"),
        pytest.param(CIRCLE, id="circle"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_before_the_call(
    service: TenantService, network: responses.RequestsMock, value: Any
) -> None:
    with pytest.raises(ValueError, match="a property value is JSON: .+"):
        service.properties.set("abcd", value)
    assert not network.calls


def test_a_value_that_is_too_deep_is_refused_before_the_call(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(ValueError, match="a property value is JSON"):
        service.properties.set("abcd", deep())
    assert not network.calls


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


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, HostResponseError),
        (401, HostResponseError),
        (403, HostResponseError),
        (409, HostResponseError),
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
    *("/", "?", "%", "+", " ", "é", "日本", "🙂", "a/../b", "%2F", ";", "#", "&", "="),
    *("../..", "/etc", "a/", "a//b", ".a", "...", "./", "%2e%2e", "%", "%zz", "\\"),
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
@given(key=st.text(min_size=1, max_size=127).filter(lambda key: key not in ".."))
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
