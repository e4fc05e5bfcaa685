"""The example app on a local Confluence: tests for a fork to copy."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from devhost.testing.confluence import RecordingConfluence, UserSwitch
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signed_client import SignedClient

from app.connect import TenantService, find_tenant
from app.connect.errors import RateLimitedError
from tests.waits import Waits

PROPERTIES = "/rest/atlassian-connect/1/addons/{app}/properties"
DYNAMIC_MODULES = "/rest/atlassian-connect/1/app/module/dynamic"
WELCOME_PAGE = "98421"


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of the app under test, on the local Confluence."""
    return {**config, **connect_settings}


def test_the_app_is_installed(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    sent = confluence.sent_event("installed", status=204)
    assert sent.json["baseUrl"] == confluence.base_url
    confluence.sent_event("enabled", status=204)
    with installed_app.app.app_context():
        tenant = find_tenant(installed_app.client_key)
    assert tenant is not None and tenant.enabled


def test_the_page_names_its_user(
    signed_client: SignedClient, as_user: Callable[[str], UserSwitch]
) -> None:
    assert "557058:devhost-administrator" in signed_client.get("/overview").text
    with as_user("user"):
        assert "557058:devhost-ordinary-user" in signed_client.get("/overview").text
    as_user("anonymous")
    assert '<code id="user">anonymous</code>' in signed_client.get("/overview").text


def test_the_macro_knows_the_space_of_its_page(signed_client: SignedClient) -> None:
    answer = signed_client.on_content(WELCOME_PAGE).get("/macros/greeting")
    assert "You are in the space <strong>DS</strong>." in answer.text


def test_an_iframe_is_loaded_over_a_socket(sign_url: Callable[..., str]) -> None:
    url = sign_url("/macros/greeting?greeting=Gr%C3%BC%C3%9Fe", user="user")
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert "Grüße" in answer.text


def test_the_page_calls_back_with_a_context_jwt(
    installed_app: InstalledApp, context_jwt: Callable[..., str]
) -> None:
    answer = requests.get(
        f"{installed_app.base_url}/api/context",
        headers={"Authorization": f"JWT {context_jwt(content_id=WELCOME_PAGE)}"},
        timeout=10,
    )
    assert answer.json()["clientKey"] == installed_app.client_key
    assert answer.json()["context"]["confluence"]["content"]["id"] == WELCOME_PAGE


def test_a_note_is_kept_as_an_app_property(
    confluence: RecordingConfluence, signed_client: SignedClient
) -> None:
    page = signed_client.with_context_jwt()
    assert page.put("/api/note", json={"value": "Grüße"}).status_code == 201
    assert page.get("/api/note").json == {"value": "Grüße"}
    confluence.received("PUT", f"{PROPERTIES}/note", status=201, body="Grüße", times=1)
    confluence.received("GET", f"{PROPERTIES}/note", status=200)


def test_the_menu_link_is_a_dynamic_module(
    confluence: RecordingConfluence, signed_client: SignedClient
) -> None:
    page = signed_client.with_context_jwt()
    assert page.put("/api/menu-link").status_code == 201
    assert page.get("/api/menu-link").json == {"present": True}
    assert "Example link" in requests.get(confluence.base_url, timeout=10).text
    assert page.delete("/api/menu-link").status_code == 204
    confluence.received("DELETE", DYNAMIC_MODULES, status=204)
    assert "Example link" not in requests.get(confluence.base_url, timeout=10).text


@pytest.mark.parametrize(
    ("state", "active", "evaluation"),
    [("active", True, False), ("evaluation", True, True), ("expired", False, False)],
)
def test_the_license_is_the_one_of_the_switch(
    installed_app: InstalledApp,
    signed_client: SignedClient,
    state: str,
    active: bool,
    evaluation: bool,
) -> None:
    installed_app.switch_license(state)
    license_ = signed_client.with_context_jwt().get("/api/license").json
    assert license_ is not None
    assert (license_["active"], license_["evaluation"]) == (active, evaluation)


@pytest.mark.parametrize("user", ["user", "anonymous"])
def test_only_administrators_change_what_all_users_see(
    confluence: RecordingConfluence, signed_client: SignedClient, user: str
) -> None:
    administrator = signed_client.with_context_jwt()
    assert administrator.put("/api/note", json={"value": "kept"}).status_code == 201
    page = administrator.as_user(user)
    assert page.get("/api/rights").json == {"administrator": False}
    assert page.put("/api/note", json={"value": "other"}).status_code == 403
    assert page.delete("/api/note").status_code == 403
    assert page.put("/api/menu-link").status_code == 403
    assert page.delete("/api/menu-link").status_code == 403
    assert page.get("/api/note").json == {"value": "kept"}
    assert page.get("/api/menu-link").json == {"present": False}


def test_the_settings_are_for_administrators(signed_client: SignedClient) -> None:
    assert signed_client.get("/settings").status_code == 200
    assert signed_client.as_user("user").get("/settings").status_code == 403
    assert signed_client.as_user("anonymous").get("/settings").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(SignedClient.unsigned, id="no token"),
        pytest.param(SignedClient.expired, id="expired"),
        pytest.param(lambda client: client.signed_for("/settings"), id="other page"),
        pytest.param(lambda client: client.with_secret("x" * 64), id="other secret"),
        pytest.param(lambda client: client.with_claims(iss="nobody"), id="no tenant"),
        pytest.param(SignedClient.with_context_jwt, id="context JWT"),
    ],
)
def test_the_page_refuses_a_wrong_token(
    signed_client: SignedClient, wrong: Callable[[SignedClient], SignedClient]
) -> None:
    assert signed_client.get("/overview").status_code == 200
    assert wrong(signed_client).get("/overview").status_code == 401


def test_two_sites_are_two_tenants(
    confluence: RecordingConfluence, signed_client: SignedClient
) -> None:
    page = signed_client.with_context_jwt()
    other = page.on_site(confluence.start_second_site())
    page.put("/api/note", json={"value": "first"})
    other.put("/api/note", json={"value": "second"})
    assert page.get("/api/note").json == {"value": "first"}
    assert other.get("/api/note").json == {"value": "second"}


def test_a_rotated_secret_is_used_at_once(
    installed_app: InstalledApp, signed_client: SignedClient
) -> None:
    before = installed_app.installation().shared_secret
    installed_app.rotate_secret()
    assert installed_app.installation().shared_secret != before
    assert signed_client.get("/overview").status_code == 200


def test_after_the_uninstall_the_app_refuses_the_tenant(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
) -> None:
    page = signed_client.with_context_jwt()
    page.put("/api/note", json={"value": "kept"})
    installed_app.uninstall()
    confluence.sent_event("uninstalled", status=204)
    assert signed_client.get("/overview").status_code == 401
    installed_app.install()
    confluence.sent_event("installed", status=204, times=2)
    assert page.get("/api/note").json == {"value": "kept"}


def test_a_rate_limit_reaches_the_caller(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with installed_app.app.app_context():
        tenant = find_tenant(installed_app.client_key)
        assert tenant is not None
        service = TenantService(tenant)
        with (
            confluence.faults.rate_limited(retry_after=7),
            pytest.raises(RateLimitedError) as caught,
        ):
            service.properties.keys()
        assert caught.value.retry_after == 7
        assert service.properties.keys() == []
    confluence.received("GET", PROPERTIES, status=200, times=1)


def test_a_call_waits_as_long_as_the_host_asks(
    confluence: RecordingConfluence, installed_app: InstalledApp, waits: Waits
) -> None:
    with installed_app.app.app_context():
        tenant = find_tenant(installed_app.client_key)
        assert tenant is not None
        with confluence.faults.rate_limited(retry_after=7, times=2):
            assert TenantService(tenant).properties.keys() == []
    assert waits.seconds == [7 * 1.05] * 2
    confluence.received("GET", PROPERTIES, status=429, times=2)
    confluence.received("GET", PROPERTIES, status=200, times=1)


@pytest.mark.parametrize("fault", ["server_error", "dropped"])
def test_a_page_outlives_a_moment_without_its_host(
    confluence: RecordingConfluence,
    signed_client: SignedClient,
    waits: Waits,
    fault: str,
) -> None:
    settings = {"status": 503} if fault == "server_error" else {"when": "before"}
    page = signed_client.with_context_jwt()
    with getattr(confluence.faults, fault)(times=1, **settings):
        assert page.get("/api/menu-link").json == {"present": False}
    assert waits.seconds == [2]


@pytest.mark.parametrize("url", ["/rest/api/content", "/api/v2/pages"])
def test_long_answers_are_read_to_their_end(
    confluence: RecordingConfluence, installed_app: InstalledApp, url: str
) -> None:
    with installed_app.app.app_context():
        tenant = find_tenant(installed_app.client_key)
        assert tenant is not None
        service = TenantService(tenant)
        one_by_one = [page["id"] for page in service.paginate(url, limit=1)]
        at_once = service.get_json(url, params={"limit": 100})["results"]
    assert one_by_one == [page["id"] for page in at_once]
    assert len(one_by_one) > 1
