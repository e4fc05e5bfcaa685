"""Assumptions about Confluence: each can be changed, with an effect on apps."""

import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.app_data import AppProperties
from devhost.site.assumptions import ASSUMPTIONS, AssumptionError
from devhost.site.clock import Clock
from devhost.site.installations import Installations
from devhost.tokens.oauth import AuthorizationServer
from tests.fake_app import APP_KEY, FakeApp, sign

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "assumptions.md"
PROPERTIES = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties"
Post = Callable[..., requests.Response]
Call = Callable[..., requests.Response]


def life(claims: dict[str, Any]) -> int:
    return int(claims["exp"] - claims["iat"])


def show_page(confluence: LocalConfluence) -> str:
    page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    assert requests.get(page, timeout=30).ok
    return confluence.exchanges.find(kind="iframe")[-1].url


@pytest.mark.parametrize("seconds", [180, 900])
def test_the_lifetime_of_iframe_tokens_can_be_set(
    confluence: LocalConfluence, installed: FakeApp, seconds: int
) -> None:
    confluence.assumptions.set("url-token-seconds", seconds)
    assert requests.get(show_page(confluence), timeout=30).ok
    assert life(installed.pages[-1]["claims"]) == seconds


def test_the_longest_lifetime_of_app_tokens_can_be_set(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    def status(seconds: int) -> int:
        now = int(time.time())
        token = sign(installed, "GET", PROPERTIES, iat=now, exp=now + seconds)
        headers = {"Authorization": f"JWT {token}"}
        url = confluence.base_url + PROPERTIES
        return requests.get(url, headers=headers, timeout=30).status_code

    assert status(100_000) == 200
    confluence.assumptions.set("app-token-most-seconds", 180)
    assert (status(180), status(181)) == (200, 401)


@pytest.mark.parametrize(("value", "status"), [("accepted", 200), ("refused", 400)])
def test_201_to_installed(
    confluence: LocalConfluence, app: FakeApp, desk: Post, value: str, status: int
) -> None:
    confluence.assumptions.set("installed-201", value)
    app.answers["installed"] = 201
    answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("disabled-first", ["disabled", "uninstalled"]),
        ("uninstalled-first", ["uninstalled", "disabled"]),
    ],
)
def test_the_order_of_an_uninstall(
    confluence: LocalConfluence,
    installed: FakeApp,
    desk: Post,
    value: str,
    order: list[str],
) -> None:
    confluence.assumptions.set("uninstall-order", value)
    assert desk(f"apps/{APP_KEY}/uninstall").ok
    assert [one.event for one in installed.received][-2:] == order


@pytest.mark.parametrize(
    ("name", "member"), [("cloud-id", "cloudId"), ("display-url", "displayUrl")]
)
def test_a_member_of_the_callbacks_can_be_missing(
    confluence: LocalConfluence, installed: FakeApp, desk: Post, name: str, member: str
) -> None:
    assert member in installed.received[-1].body
    confluence.assumptions.set(name, "missing")
    assert desk(f"apps/{APP_KEY}/reinstall").ok
    assert member not in installed.received[-1].body


def test_the_timeout_of_callbacks_can_be_set(
    confluence: LocalConfluence, app: FakeApp, desk: Post
) -> None:
    confluence.assumptions.set("callback-seconds", 1)
    app.hanging = "installed"
    answer = desk("install", descriptorUrl=app.descriptor_url)
    app.go_on.set()
    assert answer.status_code == 400
    assert "the attempt timed out" in answer.json()["error"]
    assert confluence.site.get(Installations).all() == []


def test_the_default_of_json_value_can_be_set(
    confluence: LocalConfluence, call: Call
) -> None:
    call("PUT", f"{PROPERTIES}/x", json={"a": 1})
    assert call("GET", f"{PROPERTIES}/x").json()["value"] == '{"a": 1}'
    confluence.assumptions.set("property-json-value", "true")
    assert call("GET", f"{PROPERTIES}/x").json()["value"] == {"a": 1}


def test_the_property_limit_can_be_set(confluence: LocalConfluence, call: Call) -> None:
    confluence.assumptions.set("property-limit", 1)
    assert call("PUT", f"{PROPERTIES}/x", json=1).status_code == 201
    assert call("PUT", f"{PROPERTIES}/y", json=1).status_code == 409


@pytest.mark.parametrize(("value", "left"), [("kept", 1), ("gone", 0)])
def test_app_data_after_an_uninstall(
    confluence: LocalConfluence, call: Call, desk: Post, value: str, left: int
) -> None:
    confluence.assumptions.set("app-data-after-uninstall", value)
    call("PUT", f"{PROPERTIES}/x", json=1)
    assert desk(f"apps/{APP_KEY}/uninstall").ok
    assert desk(f"apps/{APP_KEY}/reinstall").ok
    assert len(confluence.site.get(AppProperties).keys(APP_KEY)) == left


def test_the_lives_of_assertions_and_context_tokens(
    confluence: LocalConfluence,
) -> None:
    confluence.assumptions.set("assertion-most-seconds", 30)
    confluence.assumptions.set("context-token-seconds", 300)
    assert confluence.site.get(AuthorizationServer).max_assertion_seconds == 30
    assert confluence.site.get(Clock).context_seconds == 300


def test_assumptions_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with LocalConfluence(state=file) as first:
        first.assumptions.set("cloud-id", "missing")
        first.assumptions.set("url-token-seconds", 60)
    with LocalConfluence(state=file) as second:
        changed = {"cloud-id": "missing", "url-token-seconds": 60}
        assert second.assumptions.changed() == changed
        assert second.site.get(Clock).url_seconds == 60
        second.assumptions.reset()
        assert second.assumptions.changed() == {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("nonsense", "x", "no assumption nonsense: write one of url-token-seconds"),
        ("cloud-id", "maybe", "cloud-id: write sent or missing"),
        ("url-token-seconds", 0, "write a number from 1 to 86400"),
        ("url-token-seconds", "1.5", "write a number from 1 to 86400"),
        ("url-token-seconds", True, "write a number from 1 to 86400"),
        ("url-token-seconds", [1], "write a number from 1 to 86400"),
        ("cloud-id", {}, "cloud-id: write sent or missing"),
    ],
)
def test_an_invalid_assumption_is_refused(
    confluence: LocalConfluence, name: str, value: Any, message: str
) -> None:
    with pytest.raises(AssumptionError, match=message):
        confluence.assumptions.set(name, value)
    url = f"{confluence.origin}/devhost/api/assumptions/{name}"
    answer = requests.put(url, json={"value": value}, timeout=30)
    assert answer.status_code == (404 if name == "nonsense" else 400)
    assert message in answer.json()["error"]
    assert confluence.assumptions.changed() == {}


def test_the_api_lists_sets_and_resets_them(confluence: LocalConfluence) -> None:
    url = f"{confluence.origin}/devhost/api/assumptions"
    listed = requests.get(url, timeout=30).json()["assumptions"]
    assert [each["name"] for each in listed] == list(ASSUMPTIONS)
    put = requests.put(f"{url}/cloud-id", json={"value": "missing"}, timeout=30)
    assert (put.status_code, put.json()["value"]) == (200, "missing")
    assert confluence.assumptions["cloud-id"] == "missing"
    assert requests.delete(url, timeout=30).status_code == 204
    assert confluence.assumptions.changed() == {}


def test_the_page_sets_them(confluence: LocalConfluence) -> None:
    url = f"{confluence.origin}/devhost/assumptions"
    shown = unescape(requests.get(url, timeout=30).text)
    assert all(each.title in shown for each in ASSUMPTIONS.values())
    assert "changed</span>" not in shown
    form = {"value": "180"}
    after = requests.post(f"{url}/url-token-seconds", data=form, timeout=30)
    assert after.url == f"{url}#url-token-seconds"
    assert "changed</span>" in after.text
    assert confluence.assumptions["url-token-seconds"] == 180
    refused = requests.post(f"{url}/url-token-seconds", data={"value": "x"}, timeout=30)
    assert refused.status_code == 400
    assert "write a number from 1 to 86400" in refused.text


def test_every_assumption_is_in_the_document() -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, each in ASSUMPTIONS.items():
        assert f"| `{name}` | {each.default} |" in text
