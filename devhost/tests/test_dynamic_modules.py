"""Dynamic modules: registered together or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY

Call = Callable[..., requests.Response]
PATH = "/rest/atlassian-connect/1/app/module/dynamic"


def item(key: str, **changes: Any) -> dict[str, Any]:
    name = {"value": key}
    location = "system.header/left"
    return {"key": key, "name": name, "location": location, "url": "/x", **changes}


def test_modules_are_registered_listed_and_removed(call: Call) -> None:
    modules = {
        "webItems": [item("a"), item("b")],
        "webhooks": [{"event": "page_created", "url": "/hook"}],
    }
    assert call("GET", PATH).json() == {}
    registered = call("POST", PATH, json=modules)
    assert (registered.status_code, registered.content) == (200, b"")
    assert call("GET", PATH).json() == modules
    removed = call("DELETE", f"{PATH}?moduleKey=a&moduleKey=unknown&moduleKey=main")
    assert removed.status_code == 204
    assert call("GET", PATH).json() == {**modules, "webItems": [item("b")]}
    assert call("DELETE", PATH).status_code == 204
    assert call("GET", PATH).json() == {}


@pytest.mark.parametrize(
    ("keys", "conflicts"),
    [
        pytest.param(["new", "main"], "main", id="static"),
        pytest.param(["new", "taken"], "taken", id="registered"),
        pytest.param(["new", "twice", "twice"], "twice", id="in-the-request"),
        pytest.param(["main", "taken"], "main, taken", id="several"),
    ],
)
def test_a_conflict_registers_nothing(
    call: Call, keys: list[str], conflicts: str
) -> None:
    call("POST", PATH, json={"webItems": [item("taken")]})
    answer = call("POST", PATH, json={"webItems": [item(key) for key in keys]})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        f"Installation failed. The app {APP_KEY} has duplicate module keys: "
        f"[{conflicts}]. Please contact the app vendor."
    )
    assert call("GET", PATH).json() == {"webItems": [item("taken")]}


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param([], id="array"),
        pytest.param(None, id="null"),
        pytest.param({"webItems": {}}, id="object"),
        pytest.param({"webItems": ["x"]}, id="string"),
        pytest.param({"robots": [item("a")]}, id="unknown-type"),
        pytest.param({"lifecycle": [item("a")]}, id="not-a-module"),
        pytest.param({"configurePage": [item("a")]}, id="single"),
        pytest.param({"webItems": [item("a b")]}, id="key-pattern"),
        pytest.param({"webItems": [item("a\n")]}, id="key-newline"),
        pytest.param({"webItems": [{"key": "a"}]}, id="missing"),
        pytest.param({"webItems": [item("a", name="A")]}, id="name"),
        pytest.param({"webItems": [item("a", url="javascript:x")]}, id="script-url"),
        pytest.param({"generalPages": [item("a", url="https://x")]}, id="absolute"),
        pytest.param({"webhooks": [{"event": "x"}]}, id="webhook-without-url"),
        pytest.param({"webItems": [item("ok")], "webPanels": [{}]}, id="one-of-two"),
    ],
)
def test_an_invalid_module_registers_nothing(call: Call, modules: Any) -> None:
    assert call("POST", PATH, json=modules).status_code == 400
    assert call("GET", PATH).json() == {}


def test_a_body_that_is_not_json_is_400(call: Call) -> None:
    assert call("POST", PATH, data="{").status_code == 400


def test_there_can_be_100_modules_at_most(call: Call) -> None:
    hundred = {"webItems": [item(f"k{number}") for number in range(100)]}
    assert call("POST", PATH, json=hundred).status_code == 200
    assert call("POST", PATH, json={"webItems": [item("more")]}).status_code == 400
    assert len(call("GET", PATH).json()["webItems"]) == 100


def test_a_caller_without_a_token_is_refused(confluence: LocalConfluence) -> None:
    answer = requests.get(confluence.base_url + PATH, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["message"] == "The request is not from a Connect app."
