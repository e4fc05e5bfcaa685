"""Install, upgrade, enable, disable and uninstall, from the app's side."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

Post = Callable[..., requests.Response]
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"
LINK = {
    "webItems": [
        {"key": "link", "name": {"value": "L"}, "location": "x", "url": "/l"},
    ]
}


def test_install_sends_a_signed_installed_then_enabled(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    first, second = installed.received
    assert (first.event, second.event) == ("installed", "enabled")
    assert first.header["alg"] == "RS256"
    assert first.claims["iss"] == first.body["clientKey"]
    assert first.claims["aud"] == [installed.base_url]
    assert first.claims["context"] == {}
    assert first.body["baseUrl"] == first.body["displayUrl"] == confluence.base_url
    assert first.body["key"] == APP_KEY
    assert first.body["productType"] == "confluence"
    assert first.body["eventType"] == "installed"
    assert first.body["sharedSecret"].startswith("ATCO")
    assert first.body["cloudId"]
    assert "oauthClientId" not in first.body
    assert "entitlementId" not in first.body
    assert "sharedSecret" not in second.body
    assert "aud" not in second.claims


def test_a_paid_app_that_acts_as_user_learns_its_entitlement_and_oauth_client(
    confluence: LocalConfluence, desk: Post
) -> None:
    settings = {"enableLicensing": True, "scopes": ["act_as_user"]}
    with serve_app(confluence, descriptor=settings) as app:
        desk("install", descriptorUrl=app.descriptor_url)
        desk("install", descriptorUrl=app.descriptor_url)
    first, second = app.events("installed")
    assert first.body["entitlementId"]
    assert first.body["entitlementNumber"].startswith("E-")
    assert first.body["oauthClientId"] == second.body["oauthClientId"]


def test_the_path_of_the_base_url_is_not_hashed(
    confluence: LocalConfluence, desk: Post
) -> None:
    with serve_app(confluence, base_path="/base/path") as app:
        answer = desk("install", descriptorUrl=app.descriptor_url)
        assert answer.status_code == 200, answer.text
        page = requests.get(answer.json()["page"], timeout=30)
    assert page.status_code == 200
    assert [one.event for one in app.received] == ["installed", "enabled"]


def test_a_reinstall_keeps_the_client_key_and_changes_the_secret(
    installed: FakeApp, desk: Post
) -> None:
    desk(f"apps/{APP_KEY}/reinstall")
    first, second = installed.events("installed")
    assert first.body["clientKey"] == second.body["clientKey"]
    assert first.body["sharedSecret"] != second.body["sharedSecret"]


@pytest.mark.parametrize("status", [400, 401, 302, 500])
def test_a_refused_first_install_leaves_no_app(
    confluence: LocalConfluence, app: FakeApp, desk: Post, status: int
) -> None:
    app.answers["installed"] = status
    answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == 400
    assert f"returned HTTP response code {status}" in answer.json()["error"]
    assert [one.event for one in app.received] == ["installed"]
    assert confluence.site.get(Installations).all() == []


@pytest.mark.parametrize("status", [200, 201, 204])
def test_successful_statuses_mean_installed(
    app: FakeApp, desk: Post, status: int
) -> None:
    app.answers["installed"] = status
    assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200


def test_a_refused_upgrade_keeps_descriptor_and_secret(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    before = confluence.site.get(Installations).find(APP_KEY)
    installed.answers["installed"] = 500
    installed.descriptor["name"] = "Newer"
    assert desk("install", descriptorUrl=installed.descriptor_url).status_code == 400
    assert confluence.site.get(Installations).find(APP_KEY) == before


def test_an_app_without_callbacks_is_installed_without_one(
    confluence: LocalConfluence, desk: Post
) -> None:
    settings: dict[str, Any] = {"authentication": {"type": "none"}, "lifecycle": {}}
    with serve_app(confluence, descriptor=settings) as app:
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
    assert app.received == []


def test_uninstall_sends_disabled_and_a_signed_uninstalled(
    installed: FakeApp, desk: Post
) -> None:
    answer = desk(f"apps/{APP_KEY}/uninstall")
    assert answer.json()["state"] == "uninstalled"
    disabled, uninstalled = installed.received[2:]
    assert (disabled.event, uninstalled.event) == ("disabled", "uninstalled")
    assert uninstalled.header["alg"] == "RS256"
    assert "sharedSecret" not in uninstalled.body


def test_an_app_that_refuses_to_be_uninstalled_is_uninstalled(
    installed: FakeApp, desk: Post
) -> None:
    installed.answers["uninstalled"] = 500
    assert desk(f"apps/{APP_KEY}/uninstall").json()["state"] == "uninstalled"


def test_disable_and_enable_send_their_events_once(
    installed: FakeApp, desk: Post
) -> None:
    assert desk(f"apps/{APP_KEY}/disable").json()["state"] == "disabled"
    assert desk(f"apps/{APP_KEY}/disable").status_code == 409
    assert desk(f"apps/{APP_KEY}/enable").json()["state"] == "enabled"
    assert desk(f"apps/{APP_KEY}/enable").status_code == 409
    events = [one.event for one in installed.received]
    assert events == ["installed", "enabled", "disabled", "enabled"]


def test_a_disabled_app_gets_uninstalled_only(installed: FakeApp, desk: Post) -> None:
    desk(f"apps/{APP_KEY}/disable")
    desk(f"apps/{APP_KEY}/uninstall")
    events = [one.event for one in installed.received]
    assert events == ["installed", "enabled", "disabled", "uninstalled"]


def test_unknown_apps_and_actions_are_404(installed: FakeApp, desk: Post) -> None:
    assert desk("apps/nobody/enable").status_code == 404
    assert desk("apps/nobody/reinstall").status_code == 404
    assert desk("apps/%FF/enable").status_code == 404
    assert desk(f"apps/{APP_KEY}/explode").status_code == 404
    desk(f"apps/{APP_KEY}/uninstall")
    assert desk(f"apps/{APP_KEY}/uninstall").status_code == 409


def test_properties_and_modules_survive_an_uninstall(
    installed: FakeApp, desk: Post, call: Post
) -> None:
    path = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
    assert call("PUT", path, data="1").status_code == 201
    assert call("POST", MODULES, json=LINK).status_code == 200
    desk(f"apps/{APP_KEY}/uninstall")
    assert call("GET", path).status_code == 401
    desk(f"apps/{APP_KEY}/reinstall")
    assert call("GET", path).json()["value"] == "1"
    assert call("GET", MODULES).json() == LINK


def test_an_upgrade_with_a_conflicting_key_removes_every_dynamic_module(
    installed: FakeApp, desk: Post, call: Post
) -> None:
    other = {"webItems": [{"key": "o", "name": {"value": "O"}, "location": "x"}]}
    assert call("POST", MODULES, json=LINK).status_code == 200
    assert call("POST", MODULES, json=other).status_code == 200
    installed.descriptor["modules"] = {
        **installed.descriptor["modules"],
        "dialogs": [{"key": "link", "url": "/link"}],
    }
    assert desk(f"apps/{APP_KEY}/reinstall").status_code == 200
    assert call("GET", MODULES).json() == {}


def test_the_old_secret_is_refused_after_a_reinstall(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    old = sign(installed, "GET", MODULES)
    desk(f"apps/{APP_KEY}/reinstall")
    headers = {"Authorization": f"JWT {old}"}
    answer = requests.get(confluence.base_url + MODULES, headers=headers, timeout=30)
    assert answer.status_code == 401


def test_callbacks_are_listed_with_their_answers(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    installed.answers["disabled"] = 418
    desk(f"apps/{APP_KEY}/disable")
    url = f"{confluence.origin}/devhost/api/callbacks"
    listed = requests.get(url, timeout=30).json()["callbacks"]
    assert [(one["event"], one["answer"]) for one in listed] == [
        ("disabled", "418"),
        ("enabled", "204"),
        ("installed", "204"),
    ]
    assert listed[0]["request"] == f"POST {installed.base_url}/disabled"


def test_an_app_that_went_away_is_named(
    confluence: LocalConfluence, desk: Post
) -> None:
    with serve_app(confluence) as app:
        desk("install", descriptorUrl=app.descriptor_url)
    assert desk(f"apps/{APP_KEY}/disable").json()["state"] == "disabled"
    url = f"{confluence.origin}/devhost/api/callbacks"
    newest = requests.get(url, timeout=30).json()["callbacks"][0]
    assert newest["answer"] == "no connection"


def test_an_app_that_breaks_off_is_not_installed(
    confluence: LocalConfluence, desk: Post
) -> None:
    with serve_app(confluence) as app:
        # Only the descriptor is fetched from there.
        app.descriptor["lifecycle"] = {"installed": "/installed" + "x" * 70_000}
        answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == 400
