"""The keyboard on the pages of the local Confluence."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.every_page import (
    FOCUSABLE,
    open_still,
    still_tab,
)

pytestmark = pytest.mark.browser

MOST_STOPS = 250
TOOLS = ["home", "space", "page", "editor", "settings", "access-rules"]
TOOLS += ["desk", "inspector", "webhooks", "faults", "assumptions"]

REMEMBER_STOP = """() => {
    const stop = document.activeElement;
    window.stops ||= new Set();
    if (stop === document.body || window.stops.has(stop)) return null;
    window.stops.add(stop);
    const { outlineStyle, outlineWidth } = getComputedStyle(stop);
    const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
    return isSeen || stop.tagName === "IFRAME" ? "" : stop.outerHTML.slice(0, 200);
}"""
NOT_REACHED = """(focusable) => [...document.querySelectorAll(focusable)]
    .filter(each => each.checkVisibility({visibilityProperty: true}))
    .filter(each => !each.closest("details:not([open]) > :not(summary)"))
    .filter(each => each.tabIndex >= 0 && !window.stops.has(each))
    .map(each => each.outerHTML.slice(0, 200))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with still_tab(browser) as page:
        page.set_viewport_size({"width": 800, "height": 800})
        yield page


def has_focus(page: Page, selector: str) -> bool:
    focused: bool = page.evaluate(
        "selector => Boolean(document.activeElement.closest(selector))", selector
    )
    return focused


@pytest.mark.parametrize("name", TOOLS)
def test_tab_reaches_everything_and_shows_where_it_is(
    page: Page, addresses: dict[str, str], name: str
) -> None:
    open_still(page, addresses[name])
    page.evaluate("document.activeElement.blur()")
    unseen = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(REMEMBER_STOP)
        # Between two frames the focus is nowhere, or where it was, for a moment.
        if stop is None and not page.evaluate(NOT_REACHED, FOCUSABLE):
            break
        unseen += [stop] if stop else []
    assert unseen == []
    assert page.evaluate(NOT_REACHED, FOCUSABLE) == []
    assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0


def test_the_first_stop_skips_to_the_content(
    page: Page, addresses: dict[str, str]
) -> None:
    open_still(page, addresses["desk"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert has_focus(page, "main")


def test_escape_closes_each_menu_and_gives_the_focus_back(
    page: Page, addresses: dict[str, str]
) -> None:
    open_still(page, addresses["page"])
    menus = page.locator("details.menu")
    assert menus.count() == 5
    for index in range(menus.count()):
        menu, opener = menus.nth(index), menus.nth(index).locator("summary")
        opener.focus()
        opener.press("Enter")
        box = menu.locator(".menu-list").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 800, box
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        expect(opener).to_be_focused()


def test_the_macro_browser_keeps_the_focus_and_gives_it_back(
    page: Page, addresses: dict[str, str]
) -> None:
    open_still(page, addresses["editor"])
    opener = page.get_by_role("button", name="Insert macro")
    # A key, unlike a click, does not wait for a button that is still disabled.
    expect(opener).to_be_enabled()
    opener.press("Enter")
    page.get_by_role("dialog", name="Insert macro").wait_for()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert has_focus(page, "dialog") or not has_focus(page, "body *")
    page.get_by_label("Search macros").focus()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_dialog_of_an_app_gives_the_focus_back(
    page: Page, addresses: dict[str, str]
) -> None:
    open_still(page, addresses["page"])
    opener = page.get_by_role("link", name="Name of dialog-item")
    opener.press("Enter")
    page.locator("dialog[open]").get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_list_of_the_inspector_is_one_stop_with_arrow_keys(
    page: Page, addresses: dict[str, str]
) -> None:
    open_still(page, addresses["inspector"])
    rows = page.locator("#lines tr")
    rows.nth(1).wait_for()
    page.locator("#clear").focus()
    page.keyboard.press("Tab")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#shown")).to_contain_text("Shown: message")
    page.keyboard.press("Tab")
    assert has_focus(page, "#detail")
    page.keyboard.press("Shift+Tab")
    expect(rows.nth(1)).to_be_focused()
