"""Headless Chromium for browser tests, without its background services.

It needs Playwright, which is not a dependency of the local Confluence.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A busy machine is slow, not wrong.
EXPECT_MILLISECONDS = 30_000


def find_chromium() -> str:
    """Return the path of Chromium; if it is missing, fail in CI and skip elsewhere."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    message = "no Chromium on the PATH: install Debian's package chromium"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def run_chromium() -> Iterator[Browser]:
    """Yield a browser, and close it."""
    path = find_chromium()
    expect.set_options(timeout=EXPECT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
