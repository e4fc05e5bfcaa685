"""App properties are listed, read, written and deleted."""

import json
from typing import Any

import pytest
import responses

from app.connect import TenantService
from app.connect.errors import HostResponseError
from app.connect.outbound.properties import (
    CLIENT_KEY_PROPERTY,
    MAX_KEY_LENGTH,
    MAX_VALUE_BYTES,
)
from tests.connect.outbound.host import assert_signed
from tests.connect.outbound.property_calls import (
    PROPERTIES,
    RESERVED,
)


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
    assert json.loads(request.body or "") == value
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
