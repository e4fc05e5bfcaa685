"""The code of docs/users-and-permissions.md runs, against the local Confluence."""

import html
import re
from typing import Any

import pytest
import responses
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signed_client import SignedClient
from flask import Blueprint, Flask

from app import connect
from app.config import ROOT
from app.connect import descriptor
from app.connect.personal_data.cycle import report_personal_data

DOCUMENT = (ROOT / "docs" / "users-and-permissions.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
USER = "557058:devhost-ordinary-user"
TOKEN = "/oauth2/token"
PAGE = "98421"


@pytest.fixture
def config(
    config: dict[str, Any],
    connect_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """The settings of an app that can act as a user, on the local Confluence."""
    load = descriptor.load

    def with_scope(*args: Any) -> dict[str, Any]:
        document = load(*args)
        return {**document, "scopes": [*document["scopes"], "ACT_AS_USER"]}

    monkeypatch.setattr(descriptor, "load", with_scope)
    return {**config, **connect_settings}


@pytest.fixture
def views(app: Flask, pages: Blueprint) -> None:
    """The views of the document, in the app."""
    for block in BLOCKS[1:3]:
        exec(block, {})  # noqa: S102 - the document's own code
    app.register_blueprint(pages)
    connect.check(app)


def run(block: str, **names: Any) -> dict[str, Any]:
    exec(block, names)  # noqa: S102 - the document's own code
    return names


def test_the_app_acts_as_a_user(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with installed_app.app.app_context():
        names = run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
        assert names["me"] == USER
        assert names["spaces"]
        confluence.received("POST", TOKEN, status=200, times=2)

        again = names["service"].as_user(USER)
        assert again.get_json("/rest/api/user/current")["accountId"] == USER
        confluence.received("POST", TOKEN, times=2)


def test_a_token_ends_with_its_installation(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with installed_app.app.app_context():
        run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
        installed_app.uninstall()
        installed_app.install()
        run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
    confluence.received("POST", TOKEN, status=200, times=4)


def test_a_user_who_is_not_there_is_refused(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with (
        installed_app.app.app_context(),
        pytest.raises(connect.errors.HostResponseError, match="invalid_grant: sub"),
    ):
        run(BLOCKS[0], client_key=installed_app.client_key, account_id="557058:gone")


def test_the_host_is_asked_what_the_user_may_do(
    views: None, confluence: RecordingConfluence, signed_client: SignedClient
) -> None:
    user = signed_client.as_user("user")
    assert signed_client.get("/admin").status_code == 200
    assert user.get("/admin").status_code == 403

    assert user.on_content(PAGE).get("/byline").text == "whoever may read this page"
    assert user.on_content("999999").get("/byline").status_code == 403
    assert signed_client.as_user("anonymous").get("/admin").status_code == 403

    page = signed_client.with_context_jwt()
    assert page.get(f"/api/pages/{PAGE}/review").status_code == 200
    assert page.get("/api/pages/x/review").status_code == 403
    check = f"/rest/api/content/{PAGE}/permission/check"
    confluence.received("POST", check, status=200, times=2)
    page.get(f"/api/pages/{PAGE}/review")
    confluence.received("POST", check, times=2)


def test_a_page_navigates_and_posts_without_the_bridge(
    views: None, signed_client: SignedClient, app: Flask
) -> None:
    first = signed_client.get("/wizard").text
    [link] = re.findall(r'href="([^"]+)"', first)
    browser = app.test_client()
    second = browser.get(html.unescape(link)).text
    [token] = re.findall(r'value="([^"]+)"', second)
    saved = browser.post("/wizard/save", data={"session_token": token})
    assert saved.text == "saved for 557058:devhost-administrator"
    assert browser.post(f"/wizard/save?session_token={token}").status_code == 401


def test_a_user_who_has_gone_is_erased(
    installed_app: InstalledApp, app_context: None
) -> None:
    """The local Confluence has no report endpoint, so its answer is faked."""
    names = run(BLOCKS[3])
    tenant = connect.find_tenant(installed_app.client_key)
    assert tenant is not None
    for account_id in ("gone", "changed", "same"):
        names["keep_profile"](tenant, account_id, {"name": "canary"})
    heard = [{"accountId": "gone", "status": "closed"}]
    heard += [{"accountId": "changed", "status": "updated"}]
    with responses.RequestsMock() as network:
        url = f"{tenant.base_url}/rest/atlassian-connect/latest/report-accounts"
        network.post(url, json={"accounts": heard})
        report_personal_data()
    assert list(names["profiles"]) == [(tenant.client_key, "same")]
    assert [each.account_id for each in connect.personal_data.list()] == ["same"]
