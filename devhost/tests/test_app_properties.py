"""App properties: statuses and bodies of the documented resource."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
import requests

from devhost.rest.app_properties import RESERVED_KEY
from devhost.server import LocalConfluence
from devhost.site.app_data import AppProperties
from devhost.site.installations import Installations
from tests.fake_app import APP_KEY

Call = Callable[..., requests.Response]
ROOT = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties"


def test_a_property_is_created_updated_read_and_deleted(
    confluence: LocalConfluence, call: Call
) -> None:
    path = f"{ROOT}/settings"
    assert call("GET", path).status_code == 404
    created = call("PUT", path, json={"a": 1})
    assert (created.status_code, created.json()["status-code"]) == (201, 201)
    assert call("PUT", path, json={"a": [2, None]}).status_code == 200
    read = call("GET", f"{path}?jsonValue=true")
    self_link = f"{confluence.base_url}{path}"
    assert read.json() == {
        "key": "settings",
        "value": {"a": [2, None]},
        "self": self_link,
    }
    assert "no-store" in read.headers["Cache-Control"]
    assert call("GET", ROOT).json() == {
        "keys": [{"key": "settings", "self": self_link}]
    }
    assert call("DELETE", path).status_code == 204
    assert call("DELETE", path).status_code == 404
    assert call("GET", path).status_code == 404


def test_without_json_value_the_value_is_escaped_json(call: Call) -> None:
    call("PUT", f"{ROOT}/x", data=b'{"a": 1}')
    assert call("GET", f"{ROOT}/x").json()["value"] == '{"a": 1}'


@pytest.mark.parametrize(
    "key",
    ["a/b", "a?b", "100%", "a+b", "a b", "ключ", "%2F", "a:b", "\n", "a;b&c"],
)
def test_every_key_survives_the_round_trip(call: Call, key: str) -> None:
    path = f"{ROOT}/{quote(key, safe='')}"
    assert call("PUT", path, json=key).status_code == 201
    assert call("GET", f"{path}?jsonValue=true").json()["value"] == key
    listed = call("GET", ROOT).json()["keys"][0]
    assert listed["key"] == key
    assert listed["self"].endswith(quote(key, safe=""))
    assert call("DELETE", path).status_code == 204


def test_a_key_can_have_127_characters_at_most(call: Call) -> None:
    assert call("PUT", f"{ROOT}/{'k' * 127}", data="1").status_code == 201
    for method in ("GET", "PUT", "DELETE"):
        answer = call(method, f"{ROOT}/{'k' * 128}")
        assert answer.status_code == 400
        message = "The property key cannot be longer than 127 characters."
        assert answer.json()["message"] == message
        assert answer.json()["data"]["errors"][0]["message"]["translation"] == message


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"\xff", b"[" * 20_000, b"1 2", b"9" * 5000]
)
def test_a_value_that_is_not_json_is_400(call: Call, body: bytes) -> None:
    assert call("PUT", f"{ROOT}/x", data=body).status_code == 400


def test_a_key_that_is_not_utf_8_is_400(call: Call) -> None:
    assert call("GET", f"{ROOT}/%FF").status_code == 400


def test_a_value_can_have_32_kilobytes_at_most(call: Call) -> None:
    limit = 32 * 1024
    fits = b'"' + b"x" * (limit - 2) + b'"'
    assert call("PUT", f"{ROOT}/x", data=fits).status_code == 201
    assert call("PUT", f"{ROOT}/x", data=fits + b" ").status_code == 403
    chunked = iter([fits, b"   "])
    assert call("PUT", f"{ROOT}/x", data=chunked).status_code == 403
    assert call("PUT", f"{ROOT}/x", data=b" " * 2_000_000).status_code in {403, 413}


def test_there_can_be_100_properties_at_most(
    confluence: LocalConfluence, call: Call
) -> None:
    for number in range(100):
        confluence.site.get(AppProperties).set(APP_KEY, str(number), "1", limit=100)
    assert call("PUT", f"{ROOT}/one-more", data="1").status_code == 409
    assert call("PUT", f"{ROOT}/5", data="2").status_code == 200


def test_the_reserved_key_has_the_client_key_and_is_read_only(
    confluence: LocalConfluence, call: Call
) -> None:
    app = confluence.site.get(Installations).find_installed(APP_KEY)
    assert app is not None
    path = f"{ROOT}/{RESERVED_KEY}"
    assert call("GET", f"{path}?jsonValue=true").json()["value"] == app.client_key
    assert call("GET", ROOT).json() == {"keys": []}
    assert call("PUT", path, data="1").status_code == 403
    assert call("DELETE", path).status_code == 403


def test_the_properties_of_another_app_do_not_exist(call: Call) -> None:
    path = "/rest/atlassian-connect/1/addons/com.example.other/properties"
    assert call("GET", path).status_code == 404
    assert call("PUT", f"{path}/x", data="1").status_code == 404
