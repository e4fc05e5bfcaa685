"""The webhooks page in a real browser: live, fired by hand, sent again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from devhost.server import LocalConfluence
from tests.fake_app import FakeApp
from tests.webhook_app import PATIENCE, add_page, hooks, install, serve

pytestmark = pytest.mark.browser
MILLISECONDS = PATIENCE * 1000


@pytest.fixture
def hooked(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve(confluence, *hooks("page_created")) as app:
        yield install(confluence, app)


def test_a_delivery_is_shown_live_and_sent_again(
    confluence: LocalConfluence, hooked: FakeApp, browser_page: Page
) -> None:
    page = browser_page
    page.goto(f"{confluence.origin}/devhost/webhooks")
    page.get_by_text("Nothing yet.").wait_for()
    add_page(confluence)
    line = page.locator("#lines tr", has_text="204")
    line.wait_for(timeout=MILLISECONDS)
    line.press("Enter")
    page.get_by_role("heading", name="#1 page_created").wait_for()
    page.get_by_role("button", name="Redeliver").click()
    page.get_by_role("heading", name="#2 page_created").wait_for()
    page.locator("#lines tr", has_text="again").wait_for(timeout=MILLISECONDS)
    assert confluence.webhooks.wait_idle(PATIENCE)
    assert len(hooked.events("page_created")) == 2
    page.get_by_label("Filter", exact=True).fill("nothing of this")
    page.get_by_text("No delivery fits the filter.").wait_for()


def test_an_event_is_fired_with_an_edited_body(
    confluence: LocalConfluence, hooked: FakeApp, browser_page: Page
) -> None:
    page = browser_page
    page.goto(f"{confluence.origin}/devhost/webhooks")
    body = page.get_by_role("textbox", name="Body")
    page.wait_for_function(
        "document.getElementById('body').value.includes('userAccountId')", polling=100
    )
    body.fill('{"edited": }')
    page.get_by_role("button", name="Fire", exact=True).click()
    page.get_by_role("alert").filter(has_text="The body is not JSON").wait_for()
    assert confluence.webhooks.deliveries() == []
    body.fill('{"edited": true}')
    page.get_by_role("button", name="Fire", exact=True).click()
    page.get_by_role("heading", name="#1 page_created").wait_for()
    assert confluence.webhooks.wait_idle(PATIENCE)
    (told,) = hooked.events("page_created")
    assert told.body == {"edited": True}
    # The inspector links back here.
    page.locator("#lines tr", has_text="204").wait_for(timeout=MILLISECONDS)
    page.get_by_role("link", name="Inspect #").click()
    page.get_by_role("link", name="#1", exact=True).click()
    page.get_by_role("heading", name="#1 page_created").wait_for()
