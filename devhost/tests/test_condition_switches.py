"""The switches of conditions, as JSON."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.descriptor.condition_names import ASSUMED
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.server import LocalConfluence
from tests.fake_app import FakeApp

Call = Callable[..., requests.Response]


def put(confluence: LocalConfluence, path: str, body: Any) -> requests.Response:
    url = f"{confluence.origin}/devhost/api/{path}"
    return requests.put(url, json=body, timeout=10)


def test_the_switches_are_listed_and_switched(confluence: LocalConfluence) -> None:
    listed = requests.get(f"{confluence.origin}/devhost/api/conditions", timeout=10)
    assert listed.json() == {"assumed": ASSUMED, "featureFlags": {}}
    assert listed.headers["Cache-Control"] == "no-store"
    answer = put(confluence, "conditions/favourite_page", {"holds": True})
    assert answer.json()["assumed"] == {**ASSUMED, "favourite_page": True}
    assert confluence.site.get(ConditionSwitches).holds("favourite_page")
    put(confluence, "feature-flags/a.b", {"on": True})
    answer = put(confluence, "feature-flags/c%_", {"on": False})
    assert answer.json()["featureFlags"] == {"a.b": True, "c%_": False}


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("conditions/user_is_admin", {"holds": True}, 404, "write one of active_theme"),
        ("conditions/favourite_page", {"holds": "true"}, 400, '"holds"'),
        ("conditions/favourite_page", {}, 400, '"holds"'),
        ("feature-flags/beta", {"on": 1}, 400, '"on"'),
        ("feature-flags/%ff", {"on": True}, 400, "UTF-8"),
        ("feature-flags/" + "x" * 256, {"on": True}, 400, "at most 255 characters"),
    ],
)
def test_a_wrong_switch_is_refused(
    confluence: LocalConfluence, path: str, body: Any, status: int, says: str
) -> None:
    answer = put(confluence, path, body)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert confluence.site.get(ConditionSwitches).assumptions() == ASSUMED
    assert confluence.site.get(ConditionSwitches).feature_flags() == {}


def test_the_desk_has_a_button_for_each_used_condition(
    confluence: LocalConfluence, installed: FakeApp, call: Call
) -> None:
    desk = f"{confluence.origin}/devhost/"
    assert "Conditions decided here" not in requests.get(desk, timeout=10).text
    conditions = [
        {"or": [{"condition": "favourite_page"}, {"condition": "has_page"}]},
        {"condition": "feature_flag", "params": {"featureKey": "beta"}},
    ]
    name = {"value": "It"}
    page = {"key": "it", "name": name, "url": "/x", "conditions": conditions}
    modules = "/rest/atlassian-connect/1/app/module/dynamic"
    assert call("POST", modules, json={"generalPages": [page]}).status_code == 200
    shown = requests.get(desk, timeout=10).text
    assert 'name="assumption" value="favourite_page"' in shown
    assert 'name="flag" value="beta"' in shown
    assert 'value="has_page"' not in shown
    url = f"{confluence.origin}/devhost/conditions"
    for form in ({"flag": "beta"}, {"assumption": "favourite_page"}):
        pressed = requests.post(url, {**form, "holds": "true"}, timeout=10)
        assert (pressed.status_code, pressed.url) == (200, f"{desk}#conditions")
    assert confluence.site.get(ConditionSwitches).is_on("beta")
    assert confluence.site.get(ConditionSwitches).holds("favourite_page")
    assert requests.get(desk, timeout=10).text.count('aria-pressed="true">True') == 1
    requests.post(url, {"flag": "beta", "holds": "false"}, timeout=10)
    assert not confluence.site.get(ConditionSwitches).is_on("beta")
    wrong = {"assumption": "user_is_admin", "holds": "true"}
    assert requests.post(url, wrong, timeout=10).status_code == 404
