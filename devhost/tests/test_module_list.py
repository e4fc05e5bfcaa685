"""The desk's list of modules: where each is shown, or why it is not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.descriptor.module_rules import REQUIRED_PROPERTIES, SINGLE_MODULES
from devhost.server import LocalConfluence
from devhost.site.app_data import DynamicModules
from tests.bridge_app import BridgeApp, serve_bridge_app
from tests.module_app import MODULE_KEY, MODULES, named, serve_module_app

Post = Callable[..., requests.Response]
Entries = dict[str, dict[str, Any]]


@pytest.fixture
def install(
    confluence: LocalConfluence, desk: Post
) -> Iterator[Callable[[BridgeApp], Entries]]:
    running: list[BridgeApp] = []

    def list_modules(app: BridgeApp) -> Entries:
        running.append(app.__enter__())
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
        return entries_of(confluence)

    yield list_modules
    for app in running:
        app.__exit__(None, None, None)


def entries_of(confluence: LocalConfluence) -> Entries:
    url = f"{confluence.origin}/devhost/api/apps/{MODULE_KEY}/modules"
    answer = requests.get(url, timeout=10).json()
    return {each["key"] or each["type"]: each for each in answer["modules"]}


Install = Callable[[BridgeApp], Entries]


def test_every_module_of_an_app_is_listed(
    confluence: LocalConfluence, install: Install
) -> None:
    found = install(serve_module_app(confluence))
    declared = [
        module["key"]
        for modules in MODULES.values()
        for module in (modules if isinstance(modules, list) else [modules])
    ]
    assert sorted(found) == sorted(declared)
    assert all(each["where"] for each in found.values())


def test_a_module_links_to_where_it_is_shown(
    confluence: LocalConfluence, install: Install
) -> None:
    found = install(serve_module_app(confluence))
    for key in ("light", "dialog-item", "right-panel", "byline", "on-dashboard", "tab"):
        each = found[key]
        assert each["hidden"] == ""
        html = requests.get(confluence.origin + each["address"], timeout=10).text
        assert f"Name of {key}" in html, key
    assert found["configure"]["address"].endswith("/configure")


def test_an_unknown_location_is_named(
    confluence: LocalConfluence, install: Install
) -> None:
    found = install(serve_module_app(confluence))
    assert "system.of.another.product is not in" in found["nowhere"]["hidden"]
    assert found["hidden-page"]["hidden"] == ""
    assert found["hidden-page"]["where"].startswith("without a link")


def test_a_shortcut_without_a_target_is_reported(
    confluence: LocalConfluence, install: Install
) -> None:
    found = install(serve_module_app(confluence))
    assert found["to-nothing"]["hidden"].startswith("its target.key names no other")
    assert found["to-box"]["where"].startswith("the keys x on every page")
    assert found["to-box"]["hidden"] == ""


def test_the_list_of_a_content_type_is_in_the_side_bar(
    confluence: LocalConfluence, install: Install
) -> None:
    found = install(serve_module_app(confluence))
    address = found["customer"]["address"]
    html = requests.get(confluence.origin + address, timeout=10).text
    link = f"/wiki/plugins/servlet/ac/{MODULE_KEY}/viewer?space.key="
    assert link in html
    assert ">Name of customer<" in html
    assert "/customer.png" in html
    assert ">Name of note<" not in html
    assert "its list, in the side bar" in found["customer"]["where"]
    assert "its list" not in found["note"]["where"]


def test_every_type_of_module_is_listed(
    confluence: LocalConfluence, install: Install
) -> None:
    values = {
        "url": "/x",
        "location": "none",
        "template": {"url": "/t"},
        "event": "page_created",
    }
    modules: dict[str, Any] = {
        kind: [
            {
                name: value
                for name, value in {**named(f"of-{kind}"), **values}.items()
                if name in {*required, "key"}
            }
        ]
        for kind, required in REQUIRED_PROPERTIES.items()
    }
    modules |= {kind: named(f"of-{kind}", url="/x") for kind in SINGLE_MODULES}
    found = install(serve_bridge_app(confluence, MODULE_KEY, **modules))
    types = {each["type"] for each in found.values()}
    assert types == {*REQUIRED_PROPERTIES, *SINGLE_MODULES}
    for each in found.values():
        assert each["hidden"] or each["where"] != "nowhere"
        assert "unknown here" not in each["hidden"]


def test_conditions_that_do_not_hold_are_a_reason(
    confluence: LocalConfluence, install: Install, desk: Post
) -> None:
    item = named("guarded", url="/x", location="system.content.action")
    conditions = [{"condition": "user_is_admin"}]
    modules = {"webItems": [{**item, "conditions": conditions}]}
    found = install(serve_bridge_app(confluence, MODULE_KEY, **modules))
    assert found["guarded"]["hidden"] == ""
    page = confluence.origin + found["guarded"]["address"]
    assert "Name of guarded" in requests.get(page, timeout=10).text
    desk("user", user="user")
    assert entries_of(confluence)["guarded"]["hidden"] == (
        "its condition user_is_admin does not hold there for Uma User"
    )
    assert "Name of guarded" not in requests.get(page, timeout=10).text


def test_a_dynamic_module_is_marked(
    confluence: LocalConfluence, install: Install
) -> None:
    install(serve_bridge_app(confluence, MODULE_KEY))
    item = named("added", url="/x", location="system.header/left")
    confluence.site.get(DynamicModules).register(MODULE_KEY, {"webItems": [item]})
    found = entries_of(confluence)
    assert found["added"]["dynamic"]
    assert not found["main"]["dynamic"]
    desk_page = requests.get(f"{confluence.origin}/devhost/", timeout=10).text
    assert '<span class="lozenge">dynamic</span>' in desk_page


def test_the_desk_offers_the_pages_for_administrators(
    confluence: LocalConfluence, install: Install
) -> None:
    install(serve_module_app(confluence))
    html = requests.get(f"{confluence.origin}/devhost/", timeout=10).text
    address = f"/wiki/plugins/servlet/ac/{MODULE_KEY}"
    assert f'href="{address}/configure">Configure</a>' in html
    installed = requests.get(f"{confluence.origin}/devhost/?after=0", timeout=10).text
    assert f'It is installed. <a href="{address}/get-started">' in installed


def test_the_modules_of_an_unknown_app_are_not_found(
    confluence: LocalConfluence,
) -> None:
    url = f"{confluence.origin}/devhost/api/apps/nobody/modules"
    assert requests.get(url, timeout=10).status_code == 404
