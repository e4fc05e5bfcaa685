"""An app's page goes to a content of its own type."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from tests.browser import Open, wait_for_bridge
from tests.custom_app import CUSTOMER, serve_custom_app
from tests.fake_app import FakeApp
from tests.webhook_app import writer


@pytest.fixture
def app(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve_custom_app(confluence) as running:
        yield running


def test_the_navigator_opens_a_content_with_custom_data(
    confluence: LocalConfluence, open_frame: Open, browser_page: Page
) -> None:
    wiki, who = confluence.site.get(Wiki), writer(confluence)
    space = wiki.spaces.get(who, "DS")
    first, second = (
        wiki.custom.create(
            who, NewContent(CUSTOMER, space, title), representation="storage"
        )
        for title in ("Acme", "Globex")
    )
    frame = open_frame(f"/spaces/DS/custom-content/{first.id}")
    frame.evaluate(
        "id => AP.navigator.go('contentview',"
        " {contentId: id, customData: {more: 'a b'}})",
        second.id,
    )
    browser_page.wait_for_url(f"**/viewer?content.id={second.id}&*")
    frame = wait_for_bridge(browser_page)
    given = parse_qs(urlsplit(frame.url).query)
    assert (given["id"], given["more"]) == ([second.id], ["a b"])
    shown = frame.evaluate("() => new Promise((done) => AP.context.getContext(done))")
    assert shown["confluence"]["content"]["plugin"] == CUSTOMER
