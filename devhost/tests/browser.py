"""Frames of an app on a page of the host, for browser tests."""

from collections.abc import Callable

from playwright.sync_api import Frame, Page, expect

Open = Callable[[str], Frame]
OpenFrames = Callable[[str, int], list[Frame]]


def wait_for_bridge(page: Page) -> Frame:
    """Return the first app frame, once its bridge is up."""
    expect(page.locator("body[data-bridge=established]").first).to_be_visible()
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
