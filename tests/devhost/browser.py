"""Chromium, headless and without any service of its own."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Frame, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSER_MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("chromium") is None, reason="Chromium is not installed"
    ),
]
Open = Callable[[str], Frame]
OpenFrames = Callable[[str, int], list[Frame]]


def chromium_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def wait_for_bridge(page: Page) -> Frame:
    """Return the first app frame, once its bridge is up."""
    page.wait_for_selector("body[data-bridge=established]")
    return page.frames[1]


def app_frames(page: Page, count: int) -> list[Frame]:
    """Return the app frames in the page's order, once *count* bridges are up."""
    iframes = page.locator("iframe.ap-iframe")
    iframes.nth(count - 1).wait_for(state="attached")
    frames = []
    for element in iframes.element_handles():
        frame = element.content_frame()
        assert frame is not None
        frame.wait_for_function("window.AP && AP._data && AP.context", polling=100)
        frames.append(frame)
    return frames
