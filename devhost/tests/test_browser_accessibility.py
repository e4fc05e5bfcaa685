"""Accessibility of every page: no violation in axe-core, no sideways scrolling."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.every_page import (
    PAGES,
    VIEWS,
    axe_source,
    look,
    open_still,
    still_tab,
    violations,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests, because they only look at it."""
    with still_tab(browser) as page:
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_wrong(
    page: Page, addresses: dict[str, str], name: str
) -> None:
    source, found = axe_source(), set()
    open_still(page, addresses[name])
    page.evaluate(source)
    for width, mode in VIEWS:
        look(page, width, mode)
        # The modes differ in their colors alone.
        broken = violations(page, only_colors=mode == "dark")
        found |= {f"{width} {mode} {each}" for each in broken}
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_at_800_pixels(
    page: Page, addresses: dict[str, str], name: str
) -> None:
    open_still(page, addresses[name])
    look(page, 800, "light")
    wider = page.evaluate(
        """[document.documentElement, document.querySelector("main")]
            .filter(each => each.scrollWidth > each.clientWidth)
            .flatMap(each => [...each.querySelectorAll("*")])
            .filter(each => each.getBoundingClientRect().right > innerWidth)
            .map(each => each.outerHTML.slice(0, 200))"""
    )
    assert wider == []
