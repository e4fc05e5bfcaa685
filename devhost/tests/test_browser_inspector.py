"""The inspector in a real browser: live, masked, filtered, replayed."""

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page

from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
pytestmark = pytest.mark.browser


def test_the_inspector_shows_a_message_as_it_happens(
    confluence: LocalConfluence, call: Call, browser_page: Page
) -> None:
    page = browser_page
    page.goto(f"{confluence.origin}/devhost/inspector")
    page.locator("#lines tr", has_text="/enabled").wait_for()
    call("PUT", PROPERTY, json=1)
    line = page.locator("#lines tr", has_text="PUT")
    line.press("Enter")
    page.get_by_role("heading", name=f"PUT {PROPERTY}").wait_for()
    (sent,) = confluence.exchanges.find("PUT")
    assert sent.token is not None
    signature = sent.token.rpartition(".")[2]
    assert signature not in page.content()
    page.get_by_role("button", name="Show secrets").click()
    page.get_by_role("button", name="Hide secrets").wait_for()
    assert signature in page.content()
    page.get_by_role("button", name="Hide secrets").click()
    page.get_by_role("button", name="Show secrets").wait_for()
    assert signature not in page.content()
    page.get_by_label("Filter").fill("lifecycle 204")
    assert page.locator("#lines tr:visible").count() == 2
    page.get_by_label("Outcome").select_option("bad")
    page.get_by_text("No message fits the filter.").wait_for()


def test_the_inspector_replays_by_click(
    confluence: LocalConfluence, installed: FakeApp, browser_page: Page
) -> None:
    (sent,) = confluence.exchanges.find("POST", "/enabled")
    browser_page.goto("about:blank")
    browser_page.goto(f"{confluence.origin}/devhost/inspector#{sent.id}")
    browser_page.get_by_role("button", name="Replay").click()
    browser_page.get_by_text(f"#{sent.id}", exact=True).wait_for()
    assert len(installed.events("enabled")) == 2
