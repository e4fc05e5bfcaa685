"""Modules whose conditions fail: missing from pages, refused at their address."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.modules.conditions.switches import ConditionSwitches
from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp, serve_app

Post = Callable[..., requests.Response]
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"
ADMIN_ONLY = [{"condition": "user_is_admin"}]


def module(key: str, **changes: Any) -> dict[str, Any]:
    return {"key": key, "name": {"value": f"Name of {key}"}, "url": "/x", **changes}


@pytest.fixture
def get(confluence: LocalConfluence) -> Callable[[str], requests.Response]:
    def fetch(path: str) -> requests.Response:
        return requests.get(confluence.origin + path, timeout=10)

    return fetch


Get = Callable[[str], requests.Response]


@pytest.mark.parametrize(
    ("modules", "path"),
    [
        ({"generalPages": [module("it", conditions=ADMIN_ONLY)]}, "/wiki/"),
        (
            {
                "webItems": [
                    module("it", location="system.header/left", conditions=ADMIN_ONLY)
                ]
            },
            "/wiki/",
        ),
    ],
)
def test_a_module_is_missing_where_its_conditions_fail(
    installed: FakeApp, call: Post, desk: Post, get: Get, modules: Any, path: str
) -> None:
    assert call("POST", MODULES, json=modules).status_code == 200
    assert "Name of it" in get(path).text
    desk("user", user="user")
    assert "Name of it" not in get(path).text


def test_an_admin_page_is_missing_where_its_conditions_fail(
    installed: FakeApp, call: Post, get: Get, confluence: LocalConfluence
) -> None:
    flag = {"condition": "feature_flag", "params": {"featureKey": "beta"}}
    page = module("it", conditions=[flag])
    assert call("POST", MODULES, json={"adminPages": [page]}).status_code == 200
    assert "Name of it" not in get("/wiki/admin").text
    confluence.site.get(ConditionSwitches).set_feature_flag("beta", True)
    assert "Name of it" in get("/wiki/admin").text


def test_the_conditions_of_a_web_item_are_about_its_page(
    installed: FakeApp, call: Post, get: Get
) -> None:
    item = module(
        "it", location="system.header/left", conditions=[{"condition": "has_page"}]
    )
    assert call("POST", MODULES, json={"webItems": [item]}).status_code == 200
    assert "Name of it" in get("/wiki/spaces/DS/pages/98421").text
    assert "Name of it" not in get("/wiki/spaces/DS").text


def test_the_address_of_a_page_refuses_users_its_conditions_exclude(
    installed: FakeApp, call: Post, desk: Post, get: Get
) -> None:
    address = f"/wiki/plugins/servlet/ac/{APP_KEY}/it"
    page = module("it", conditions=ADMIN_ONLY)
    assert call("POST", MODULES, json={"generalPages": [page]}).status_code == 200
    assert get(address).status_code == 200
    desk("user", user="user")
    refused = get(address)
    assert refused.status_code == 403
    says = "The condition user_is_admin of Name of it does not hold here for Uma User."
    assert says in refused.text
    assert not installed.pages


def test_a_dialog_is_not_opened_on_a_module_whose_conditions_fail(
    confluence: LocalConfluence, installed: FakeApp, call: Post, desk: Post
) -> None:
    page = module("it", conditions=ADMIN_ONLY)
    assert call("POST", MODULES, json={"generalPages": [page]}).status_code == 200
    body = {"appKey": APP_KEY, "moduleKey": "it"}
    headers = {"X-Devhost-Session": confluence.site.session_token}
    url = f"{confluence.origin}/devhost/api/iframe"
    opened = requests.post(url, json=body, headers=headers, timeout=10)
    assert opened.json()["url"].startswith(installed.base_url)
    desk("user", user="user")
    refused = requests.post(url, json=body, headers=headers, timeout=10)
    assert refused.status_code == 403
    says = "The condition user_is_admin of Name of it does not hold."
    assert refused.json()["error"] == says


def test_the_target_of_a_web_item_has_its_variables_filled_in(
    installed: FakeApp, call: Post, get: Get
) -> None:
    items = [
        module(
            "out",
            location="system.header/left",
            url="https://example.com/{page.id}?in={condition.has_page}&n={nobody}",
        ),
        module(
            "in",
            location="system.header/left",
            context="product",
            url="/pages/viewinfo.action?pageId={content.id}&s={space.key}",
        ),
    ]
    assert call("POST", MODULES, json={"webItems": items}).status_code == 200
    on_page = get("/wiki/spaces/DS/pages/98421").text
    assert 'href="https://example.com/98421?in=true&amp;n="' in on_page
    address = "/wiki/pages/viewinfo.action?pageId=98421&amp;s=DS"
    assert f'href="{address}"' in on_page
    elsewhere = get("/wiki/").text
    assert 'href="https://example.com/?in=false&amp;n="' in elsewhere
    assert 'href="/wiki/pages/viewinfo.action?pageId=&amp;s="' in elsewhere


MISSPELT = [{"condition": "user_is_loged_in"}]
PROBLEM = (
    "generalPages[0].conditions[0].condition: an unsupported condition "
    "(user_is_loged_in); write user_is_logged_in, if that is what is meant"
)


def test_a_descriptor_with_a_wrong_condition_is_refused(
    confluence: LocalConfluence, desk: Post
) -> None:
    modules = {"generalPages": [module("main", conditions=MISSPELT)]}
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == 400
    assert f"modules.{PROBLEM}" in answer.json()["error"]


def test_a_dynamic_module_with_a_wrong_condition_is_refused(
    installed: FakeApp, call: Post
) -> None:
    modules = {"generalPages": [module("it", conditions=MISSPELT)]}
    answer = call("POST", MODULES, json=modules)
    assert answer.status_code == 400
    assert PROBLEM in answer.json()["message"]
    assert call("GET", MODULES).json() == {}


def test_half_a_character_in_a_module_is_refused(
    confluence: LocalConfluence, installed: FakeApp, call: Post, desk: Post
) -> None:
    modules = {"generalPages": [module("half", name={"value": "P\udc80"})]}
    answer = call("POST", MODULES, json=modules)
    assert answer.status_code == 400
    assert "half a character" in answer.json()["message"]
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        refused = desk("install", descriptorUrl=app.descriptor_url)
    assert refused.status_code == 400
    assert "half a character" in refused.json()["error"]
    for path in ("/wiki/", "/devhost/"):
        assert requests.get(confluence.origin + path, timeout=10).status_code == 200
