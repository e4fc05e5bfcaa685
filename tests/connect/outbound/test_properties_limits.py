"""Keys and values that are refused before the call."""

from typing import Any

import pytest
import responses

from app.connect import TenantService
from tests import signing
from tests.connect.outbound.property_calls import (
    ANY_PROPERTY,
    CALLS,
    PROPERTIES,
    RESERVED,
)


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
        pytest.param(".", "no '.' or '..' between", id="one dot"),
        pytest.param("..", "no '.' or '..' between", id="two dots"),
        pytest.param("a/../b", "no '.' or '..' between", id="between slashes"),
        pytest.param("a\\..", "no '.' or '..' between", id="after a back slash"),
        pytest.param("../b", "no '.' or '..' between", id="before a slash"),
        pytest.param("..;b", "no '.' or '..' between", id="before a semicolon"),
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
    assert len(network.calls[0].request.body or "") == 32_768

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
