"""The endpoints for the scripts of our own pages."""

from pathlib import Path

import jwt
import pytest
import requests

from devhost.pages.ap_members import ap_members
from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp, sign

ROOT = Path(__file__).resolve().parents[1]
PLACE = {"appKey": APP_KEY, "moduleKey": "main", "contentId": "98421"}


def ask(confluence: LocalConfluence, path: str, **body: str) -> requests.Response:
    headers = {"X-Devhost-Session": confluence.site.session_token}
    url = f"{confluence.origin}/devhost/api/{path}"
    return requests.post(url, json=body, headers=headers, timeout=30)


def test_a_token_outlives_the_dynamic_module_of_its_iframe(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    path = "/rest/atlassian-connect/1/app/module/dynamic"
    page = {"key": "gone", "name": {"value": "Gone"}, "url": "/gone"}
    for method, body in (("POST", {"generalPages": [page]}), ("DELETE", None)):
        token = sign(installed, method, path)
        answer = requests.request(
            method,
            confluence.base_url + path,
            json=body,
            headers={"Authorization": f"JWT {token}"},
            timeout=30,
        )
        assert answer.ok
    gone = {**PLACE, "moduleKey": "gone"}
    answer = ask(confluence, "context-token", **gone)
    claims = jwt.decode(answer.json()["token"], installed.secret, algorithms=["HS256"])
    assert claims["qsh"] == "context-qsh"
    assert claims["context"]["confluence"]["content"]["id"] == "98421"
    refused = ask(confluence, "iframe", **gone)
    assert refused.status_code == 404
    assert "no such module with a URL" in refused.json()["error"]


@pytest.mark.parametrize("action", ["disable", "uninstall"])
def test_there_is_no_token_for_an_app_that_is_not_enabled(
    confluence: LocalConfluence, installed: FakeApp, action: str
) -> None:
    requests.post(
        f"{confluence.origin}/devhost/api/apps/{APP_KEY}/{action}", timeout=30
    )
    assert ask(confluence, "context-token", **PLACE).status_code == 404


@pytest.mark.parametrize("path", ["context-token", "iframe", "content-address"])
def test_a_request_without_the_session_is_refused(
    confluence: LocalConfluence, installed: FakeApp, path: str
) -> None:
    url = f"{confluence.origin}/devhost/api/{path}"
    assert requests.post(url, json=PLACE, timeout=30).status_code == 403


def test_the_address_of_content_is_returned(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    answer = ask(confluence, "content-address", **PLACE)
    assert answer.json() == {"address": "/wiki/spaces/DS/pages/98421"}
    missing = ask(confluence, "content-address", **{**PLACE, "contentId": "1"})
    assert missing.status_code == 404


def test_the_documentation_lists_every_member_of_ap_as_it_is() -> None:
    text = (ROOT / "docs" / "javascript-bridge.md").read_text("utf-8")
    listed = [line for line in text.splitlines() if line.startswith("| `AP.")]
    assert listed == [
        f"| `AP.{member.name}` | {member.local} | {member.note} |"
        for member in ap_members()
    ]
