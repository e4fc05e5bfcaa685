"""Tenant changes: what the app is told about rotations, renames and imports."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests

from devhost.install.further_sites import FurtherSites
from devhost.install.tenant_changes import import_site, rename_site, rotate_secret
from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.users import ORDINARY_USER
from devhost.tokens.oauth import GRANT_TYPE
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

Post = Callable[..., requests.Response]
PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"


def send(
    confluence: LocalConfluence, method: str, path: str, **body: Any
) -> requests.Response:
    url = f"{confluence.origin}/devhost/api/{path}"
    return requests.request(method, url, json=body, timeout=30)


def test_a_rotation_sends_installed_only_with_the_same_client_key(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    answer = desk(f"apps/{APP_KEY}/rotate-secret")
    assert answer.status_code == 200
    assert [one.event for one in installed.received[2:]] == ["installed"]
    first, second = installed.events("installed")
    assert first.body["clientKey"] == second.body["clientKey"]
    assert first.body["sharedSecret"] != second.body["sharedSecret"]
    app = confluence.site.get(Installations).find(APP_KEY)
    assert app is not None
    assert app.shared_secret == installed.secret


@pytest.mark.parametrize("operation", [rotate_secret, import_site])
def test_a_refused_change_changes_nothing(
    confluence: LocalConfluence, installed: FakeApp, operation: Callable[..., Any]
) -> None:
    before = confluence.site.get(Installations).find(APP_KEY)
    installed.answers["installed"] = 500
    with pytest.raises(Exception, match="HTTP response code 500"):
        operation(confluence.site, APP_KEY)
    assert confluence.site.get(Installations).find(APP_KEY) == before


@pytest.mark.parametrize(
    "action", ["rotate-secret", "import", "import-without-data", "tell-address"]
)
def test_an_uninstalled_app_gets_no_callback(
    installed: FakeApp, desk: Post, action: str
) -> None:
    desk(f"apps/{APP_KEY}/uninstall")
    told = len(installed.received)
    assert desk(f"apps/{APP_KEY}/{action}").status_code == 409
    assert len(installed.received) == told


@pytest.mark.parametrize(
    ("action", "status"), [("import", 200), ("import-without-data", 404)]
)
def test_an_import_brings_a_new_client_key(
    installed: FakeApp, desk: Post, call: Post, action: str, status: int
) -> None:
    item = {"key": "i", "name": {"value": "I"}, "location": "x", "url": "/i"}
    assert call("PUT", PROPERTY, json=1).status_code == 201
    assert call("POST", MODULES, json={"webItems": [item]}).status_code == 200
    assert desk(f"apps/{APP_KEY}/{action}").status_code == 200
    # Neither enabled, nor uninstalled for the old client key.
    assert [one.event for one in installed.received[2:]] == ["installed"]
    first, second = installed.events("installed")
    assert first.body["clientKey"] != second.body["clientKey"]
    assert first.body["sharedSecret"] != second.body["sharedSecret"]
    assert first.body["baseUrl"] == second.body["baseUrl"]
    assert call("GET", PROPERTY).status_code == status
    assert bool(call("GET", MODULES).json()) == (status == 200)


def test_a_rename_tells_every_installed_app_its_new_address(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    answer = send(confluence, "PUT", "site", baseName="127.0.0.1").json()
    renamed = f"http://127.0.0.1:{confluence.port}/wiki"
    assert answer["baseUrl"] == confluence.base_url == renamed
    assert answer["told"] == [{"key": APP_KEY, "answer": "204", "accepted": True}]
    assert [one.event for one in installed.received[2:]] == ["installed"]
    first, second = installed.events("installed")
    assert second.body["baseUrl"] == second.body["displayUrl"] == renamed
    assert second.body["clientKey"] == first.body["clientKey"]
    assert second.body["sharedSecret"] == first.body["sharedSecret"]
    # The app calls back there, and the pages are there.
    headers = {"Authorization": f"JWT {sign(installed, 'GET', PROPERTY)}"}
    assert requests.get(renamed + PROPERTY, headers=headers, timeout=30).ok is False
    page = f"http://localhost:{confluence.port}/wiki/"
    answer = requests.get(page, timeout=30, allow_redirects=False)
    assert answer.headers["Location"] == renamed + "/"


def test_a_custom_domain_is_another_display_url(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    rename_site(confluence.site, "localhost", display_name="127.0.0.1")
    body = installed.events("installed")[-1].body
    assert body["baseUrl"] == f"http://localhost:{confluence.port}/wiki"
    assert body["displayUrl"] == f"http://127.0.0.1:{confluence.port}/wiki"


def test_a_rename_can_bring_a_new_secret(
    confluence: LocalConfluence, installed: FakeApp, call: Post
) -> None:
    rename_site(confluence.site, "127.0.0.1", new_secret=True)
    first, second = installed.events("installed")
    assert first.body["sharedSecret"] != second.body["sharedSecret"]
    assert call("GET", PROPERTY).status_code == 404


def test_an_app_that_refuses_a_rename_is_named_and_keeps_its_secret(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    before = confluence.site.get(Installations).find(APP_KEY)
    installed.answers["installed"] = 401
    (told,) = rename_site(confluence.site, "127.0.0.1", new_secret=True)
    assert (told.answer, told.is_accepted) == ("401", False)
    assert confluence.site.get(Installations).find(APP_KEY) == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"baseName": "acme.example"}, id="other-name"),
        pytest.param({"baseName": 5}, id="type"),
        pytest.param({}, id="no-name"),
        pytest.param({"baseName": "localhost", "displayName": "x"}, id="display"),
        pytest.param({"baseName": "localhost", "displayName": 5}, id="display-type"),
    ],
)
def test_the_site_refuses_other_names(
    confluence: LocalConfluence, body: dict[str, Any]
) -> None:
    assert send(confluence, "PUT", "site", **body).status_code == 400
    assert confluence.base_url == f"http://localhost:{confluence.port}/wiki"


def test_a_new_name_survives_a_restart(tmp_path: Any) -> None:
    file = tmp_path / "state.sqlite3"
    with LocalConfluence(state=file) as first:
        rename_site(first.site, "127.0.0.1")
    with LocalConfluence(state=file) as second:
        assert second.origin == f"http://127.0.0.1:{second.port}"


def test_each_operation_returns_what_was_sent_without_secrets(
    installed: FakeApp, desk: Post
) -> None:
    answer = desk(f"apps/{APP_KEY}/rotate-secret")
    (sent,) = answer.json()["exchanges"]
    assert (sent["path"], sent["status"]) == ("/installed", 204)
    assert sent["token"]["claims"]["aud"] == [installed.base_url]
    assert installed.secret not in answer.text
    installed.answers["installed"] = 418
    refused = desk(f"apps/{APP_KEY}/rotate-secret").json()
    assert [one["status"] for one in refused["exchanges"]] == [418]


# Further sites.


def test_a_further_site_is_another_tenant_of_the_same_cloud(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    answer = send(confluence, "POST", "sites")
    assert (answer.status_code, answer.json()["refused"]) == (201, {})
    first, second = installed.events("installed")
    assert second.body["clientKey"] != first.body["clientKey"]
    assert second.body["cloudId"] != first.body["cloudId"]
    assert second.body["baseUrl"] == answer.json()["baseUrl"] != confluence.base_url
    # One key server serves every site.
    assert second.header["kid"] == first.header["kid"]
    listed = send(confluence, "GET", "sites").json()["sites"]
    assert [one["port"] for one in listed] == [answer.json()["port"]]
    headers = {"Authorization": f"JWT {sign(installed, 'GET', PROPERTY)}"}
    url = second.body["baseUrl"] + PROPERTY
    assert requests.get(url, headers=headers, timeout=30).status_code == 404


def test_a_deleted_site_sends_no_callback(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    port = send(confluence, "POST", "sites").json()["port"]
    told = len(installed.received)
    assert send(confluence, "DELETE", f"sites/{port}").status_code == 204
    assert send(confluence, "DELETE", f"sites/{port}").status_code == 404
    assert len(installed.received) == told
    assert confluence.site.siblings == [confluence.site]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/", timeout=30)


def test_a_further_site_can_start_empty_and_their_number_is_limited(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    for _ in range(4):
        assert send(confluence, "POST", "sites", withApps=False).status_code == 201
    assert send(confluence, "POST", "sites").status_code == 409
    assert len(installed.events("installed")) == 1


def test_an_app_that_refuses_a_further_site_is_named(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    installed.answers["installed"] = 403
    refused = send(confluence, "POST", "sites").json()["refused"]
    assert "HTTP response code 403" in refused[APP_KEY]


def test_the_forms_of_the_desk_rename_import_and_start_sites(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    def submit(path: str, **form: str) -> requests.Response:
        url = f"{confluence.origin}/devhost/{path}"
        return requests.post(url, data=form, timeout=30)

    page = submit(f"apps/{APP_KEY}/import").text
    assert "What was sent, and the answers" in page
    assert installed.secret not in page
    assert "Demonstration Site 2" in submit("sites").text
    (further,) = confluence.site.get(FurtherSites).sites()
    assert "Demonstration Site 2" not in submit(f"sites/{further.port}/stop").text
    assert submit(f"sites/{further.port}/stop").status_code == 404
    assert submit("site", baseName="evil.example").status_code == 400
    renamed = submit("site", baseName="127.0.0.1", newSecret="on")
    assert f"<code>http://127.0.0.1:{confluence.port}/wiki</code>" in renamed.text
    installed.answers["installed"] = 403
    refused = submit(f"apps/{APP_KEY}/rotate-secret")
    assert refused.status_code == 400
    assert "What was sent, and the answers" in refused.text
    assert submit("sites").status_code == 400


def test_two_sites_are_two_tenants_for_impersonation(
    confluence: LocalConfluence,
) -> None:
    settings = {"scopes": ["READ", "ACT_AS_USER"]}
    with serve_app(confluence, descriptor=settings) as app:
        send(confluence, "POST", "install", descriptorUrl=app.descriptor_url)
        send(confluence, "POST", "sites")
        first, second = app.events("installed")
        assert first.body["oauthClientId"] != second.body["oauthClientId"]
        # The second site's assertion, at the one authorization server.
        now, root = int(time.time()), "urn:atlassian:connect"
        claims = {
            "iss": f"{root}:clientid:{second.body['oauthClientId']}",
            "sub": f"{root}:useraccountid:{ORDINARY_USER.account_id}",
            "tnt": second.body["baseUrl"],
            "aud": confluence.origin,
            "iat": now,
            "exp": now + 60,
        }
        form = {
            "grant_type": GRANT_TYPE,
            "assertion": jwt.encode(claims, app.secret, algorithm="HS256"),
        }
        url = f"{confluence.origin}/oauth2/token"
        token = requests.post(url, data=form, timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for site, status in ((first, 401), (second, 200)):
            url = f"{site.body['baseUrl']}/rest/api/user/current"
            answer = requests.get(url, headers=headers, timeout=30)
            assert answer.status_code == status
