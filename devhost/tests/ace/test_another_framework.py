"""An app of Atlassian's own framework for Node.js, from its installation to its end.

It is an independent implementation of the app's side: what the host and the app accept
from each other was not written by the same people.
"""

import pytest
import requests
from playwright.sync_api import Browser, expect

from devhost.site.installations import Installations
from devhost.site.users import ADMINISTRATOR
from devhost.testing.confluence import RecordingConfluence
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from tests.ace.conftest import KEY, OtherApp

# npm may have to install the app's packages first.
pytestmark = pytest.mark.timeout(600)


def test_it_installs_is_shown_calls_back_and_uninstalls(
    confluence: RecordingConfluence, other_app: OtherApp
) -> None:
    installed = confluence.sent_event("installed", status=204, times=1)
    assert installed.json["baseUrl"] == confluence.base_url

    page = f"{confluence.base_url}/plugins/servlet/ac/{KEY}/page"
    assert requests.get(page, timeout=30).status_code == 200
    shown = requests.get(confluence.sent("GET", "/page").url, timeout=30)
    assert (shown.status_code, "<h1>Another framework" in shown.text) == (200, True)
    assert '<p id="space">200 Demonstration Space</p>' in shown.text
    confluence.received("GET", "/rest/api/space/DS", status=200, app_key=KEY)

    assert other_app.stop() < 0
    confluence.received("DELETE", f"/rest/plugins/1.0/{KEY}-key", status=204)
    confluence.sent_event("uninstalled", status=204, times=1)
    assert confluence.site.get(Installations).find_installed(KEY) is None


def test_it_gets_a_webhook_and_calls_back(
    confluence: RecordingConfluence, other_app: OtherApp
) -> None:
    wiki = confluence.site.get(Wiki)
    author = wiki.viewer(ADMINISTRATOR)
    space = wiki.spaces.get(author, "DS")
    wiki.editor.create(author, NewContent("page", space, "Grüße", "<p/>"))
    confluence.sent_event("page_created", status=204, times=1, within=30)
    confluence.received(
        "PUT",
        f"/rest/atlassian-connect/1/addons/{KEY}/properties/seen",
        status=201,
        body={"event": "page_created", "title": "Grüße"},
        within=30,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("&lic=none", "&lic=active", id="other query"),
        pytest.param("jwt=", "jwt=x", id="other token"),
    ],
)
def test_it_refuses_a_url_that_was_not_signed(
    confluence: RecordingConfluence, other_app: OtherApp, before: str, after: str
) -> None:
    page = f"{confluence.base_url}/plugins/servlet/ac/{KEY}/page"
    requests.get(page, timeout=30)
    url = confluence.sent("GET", "/page").url
    assert requests.get(url, timeout=30).status_code == 200
    assert before in url
    answer = requests.get(url.replace(before, after), timeout=30)
    assert answer.status_code == 401


@pytest.mark.browser
def test_its_page_is_shown_in_a_browser_and_uses_the_bridge(
    confluence: RecordingConfluence, other_app: OtherApp, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(f"{confluence.base_url}/plugins/servlet/ac/{KEY}/page")
    frame = page.frame_locator("iframe")
    expect(frame.locator("#space")).to_have_text("200 Demonstration Space")
    expect(frame.locator("#greeting")).to_have_text(
        "Hello 557058:devhost-administrator"
    )
    page.close()
