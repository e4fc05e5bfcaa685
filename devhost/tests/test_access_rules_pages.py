"""App access rules: the administrator's page, its JSON, and the effect on pages."""

from collections.abc import Callable, Iterator

import pytest
import requests

from devhost.access_rules import AccessRules, allow, block
from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.site import Site
from devhost.site.users import ORDINARY_USER
from tests.bridge_app import BridgeApp
from tests.fake_app import APP_KEY, FakeApp
from tests.module_app import MODULE_KEY, serve_module_app
from tests.webhook_app import delivered, hooks, install, serve

RULES = "/wiki/admin/app-access-rules"
PAGE = "/wiki/spaces/DS/pages/98421"
OTHER_PAGE = "/wiki/spaces/HB"


@pytest.fixture
def site(confluence: LocalConfluence, installed: FakeApp) -> Site:
    return confluence.site


def post(confluence: LocalConfluence, **form: object) -> requests.Response:
    return requests.post(confluence.origin + RULES, data=form, timeout=30)


# The page.


def test_the_administrator_blocks_and_allows_with_a_form(
    confluence: LocalConfluence, site: Site
) -> None:
    shown = post(confluence, app=APP_KEY, where="in", space=["DS", "HB"])
    assert shown.status_code == 200
    assert "blocked</span>" in shown.text
    assert len(site.get(AccessRules).of(APP_KEY).space_ids) == 2
    post(confluence, app=APP_KEY, where="everywhere", space=["DS"])
    assert site.get(AccessRules).of(APP_KEY).everywhere
    assert (
        "blocked by an access rule"
        in requests.get(f"{confluence.origin}/devhost/", timeout=30).text
    )
    post(confluence, app=APP_KEY, where="nowhere", space=["DS"])
    assert not site.get(AccessRules).of(APP_KEY).blocks_anything


def test_the_status_is_chosen_by_a_form(
    confluence: LocalConfluence, site: Site
) -> None:
    assert post(confluence, status="403").status_code == 200
    assert site.get(AccessRules).status == 403


@pytest.mark.parametrize(
    "form",
    [
        {"status": "200"},
        {"status": "x"},
        {"app": "nobody", "where": "everywhere"},
        {"app": APP_KEY, "where": "in", "space": "NOPE"},
        {},
    ],
)
def test_an_invalid_form_is_refused(
    confluence: LocalConfluence, site: Site, form: dict[str, str]
) -> None:
    answer = post(confluence, **form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert not site.get(AccessRules).of(APP_KEY).blocks_anything


def test_only_the_administrator_sees_and_changes_rules(
    confluence: LocalConfluence, site: Site
) -> None:
    site.switch_user(ORDINARY_USER)
    shown = requests.get(confluence.origin + RULES, timeout=30)
    assert shown.status_code == 403
    assert post(confluence, app=APP_KEY, where="everywhere").status_code == 403
    assert not site.get(AccessRules).of(APP_KEY).blocks_anything
    assert RULES not in requests.get(f"{confluence.base_url}/admin", timeout=30).text


def test_the_page_is_in_the_settings(confluence: LocalConfluence) -> None:
    assert RULES in requests.get(f"{confluence.base_url}/admin", timeout=30).text
    empty = requests.get(confluence.origin + RULES, timeout=30)
    assert "No app is installed." in empty.text


# The JSON.


def test_rules_are_read_and_changed_as_json(
    confluence: LocalConfluence, site: Site
) -> None:
    root = f"{confluence.origin}/devhost/api/access-rules"
    one = f"{root}/{APP_KEY}"
    nowhere = {"appKey": APP_KEY, "everywhere": False, "spaces": []}
    assert requests.get(root, timeout=30).json() == {"status": 404, "rules": [nowhere]}
    changed = requests.put(one, json={"spaces": ["HB", "ds"]}, timeout=30).json()
    assert changed == {**nowhere, "spaces": ["DS", "HB"]}
    everywhere = requests.put(one, json={"everywhere": True}, timeout=30).json()
    assert everywhere == {**nowhere, "everywhere": True}
    assert requests.get(one, timeout=30).json() == everywhere
    assert requests.delete(one, timeout=30).status_code == 204
    assert requests.get(one, timeout=30).json() == nowhere
    assert requests.put(root, json={"status": 403}, timeout=30).json()["status"] == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/{APP_KEY}", {"spaces": ["NOPE"]}, 400),
        (f"/{APP_KEY}", {"spaces": "DS"}, 400),
        (f"/{APP_KEY}", {"spaces": [5]}, 400),
        (f"/{APP_KEY}", {"everywhere": 1}, 400),
        ("/nobody", {"everywhere": True}, 404),
        ("/%FF", {"everywhere": True}, 404),
        ("", {"status": 200}, 400),
        ("", {"status": True}, 400),
        ("", {}, 400),
    ],
)
def test_invalid_json_is_refused(
    confluence: LocalConfluence, site: Site, path: str, body: object, status: int
) -> None:
    url = f"{confluence.origin}/devhost/api/access-rules{path}"
    answer = requests.put(url, json=body, timeout=30)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert not site.get(AccessRules).of(APP_KEY).blocks_anything
    assert site.get(AccessRules).status == 404


# The effect on the pages.


@pytest.fixture
def module_app(confluence: LocalConfluence) -> Iterator[BridgeApp]:
    with serve_module_app(confluence) as running:
        lifecycle.install(confluence.site, running.descriptor_url)
        yield running


@pytest.fixture
def show(
    confluence: LocalConfluence, module_app: BridgeApp
) -> Callable[[str], requests.Response]:
    return lambda path: requests.get(confluence.origin + path, timeout=30)


Show = Callable[[str], requests.Response]


def test_modules_of_a_blocked_app_are_absent_from_the_space(
    confluence: LocalConfluence, show: Show
) -> None:
    inside = [f"{MODULE_KEY}/{key}" for key in ("light", "byline", "in-space")]
    site_wide = [f"{MODULE_KEY}/{key}" for key in ("in-header", "default-page")]
    before = show(PAGE).text
    assert all(each in before for each in inside + site_wide)
    assert '"target": "panel-' in before
    block(confluence.site, MODULE_KEY, "DS")
    after = show(PAGE).text
    assert not any(each in after for each in inside)
    assert all(each in after for each in site_wide)
    assert '"target": "panel-' not in after
    tools = show("/wiki/spaces/viewspacesummary.action?key=DS").text
    assert f"{MODULE_KEY}/tab" not in tools
    assert f"{MODULE_KEY}/in-space" in show(OTHER_PAGE).text
    allow(confluence.site, MODULE_KEY)
    assert all(each in show(PAGE).text for each in inside)


def test_a_page_of_a_blocked_app_is_not_opened_in_the_space(
    confluence: LocalConfluence, show: Show
) -> None:
    address = f"/wiki/plugins/servlet/ac/{MODULE_KEY}/viewer"
    of_page = f"{address}?content.id=98421"
    assert show(of_page).status_code == 200
    block(confluence.site, MODULE_KEY, "DS")
    answer = show(of_page)
    assert answer.status_code == 403
    assert "is blocked by a policy" in answer.text
    assert show(address).status_code == 200


def test_no_iframe_of_a_blocked_app_is_handed_out_in_the_space(
    confluence: LocalConfluence, module_app: BridgeApp
) -> None:
    def ask() -> requests.Response:
        return requests.post(
            f"{confluence.origin}/devhost/api/iframe",
            headers={"X-Devhost-Session": confluence.site.session_token},
            json={"appKey": MODULE_KEY, "moduleKey": "viewer", "contentId": "98421"},
            timeout=30,
        )

    assert ask().status_code == 200
    block(confluence.site, MODULE_KEY, "DS")
    assert ask().status_code == 403
    assert "blocked by a policy" in ask().json()["error"]


# The events that the app gets.


def test_a_rule_fires_the_webhooks_that_the_app_declared(
    confluence: LocalConfluence,
) -> None:
    names = (
        "app_policy_changed",
        "app_access_to_objects_blocked",
        "app_access_to_objects_in_container_blocked",
    )
    with serve(confluence, *hooks(*names)) as app:
        install(confluence, app)
        block(confluence.site, APP_KEY, "HB")
        deliveries = delivered(confluence)
        assert {each.outcome for each in deliveries} == {"delivered"}
        (told,) = app.events("app_access_to_objects_in_container_blocked")
        space_id = next(iter(confluence.site.get(AccessRules).of(APP_KEY).space_ids))
        assert told.body["data"]["container"]["id"] == space_id
        assert len(app.events("app_policy_changed")) == 1
        assert app.events("app_access_to_objects_blocked")
        sent = confluence.exchanges.find(kind="webhook")[0]
        types = {name.lower(): value for name, value in sent.request_headers}
        assert types["content-type"] == "application/cloudevents+json; charset=UTF-8"
