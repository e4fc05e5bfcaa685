"""A local Confluence and a small app, both on real sockets, and a browser."""

import contextlib
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Frame, Page

from devhost.server import LocalConfluence
from devhost.site import Site
from devhost.testing.chromium import run_chromium
from tests.bare_site import open_site
from tests.bridge_app import BridgeApp, serve_bridge_app
from tests.browser import (
    Open,
    OpenFrames,
    app_frames,
    wait_for_bridge,
)
from tests.every_page import site_with_everything
from tests.fake_app import FakeApp, serve_app, sign
from tests.macro_pages import carry_macros

# Below the ports that the system assigns itself, and different for each process.
FIRST_PORT = 10_000 + os.getpid() % 200 * 100
PORTS = itertools.cycle(range(FIRST_PORT, FIRST_PORT + 100))


@pytest.fixture
def port() -> int:
    """A free port that nothing else takes before the test does."""
    for number in itertools.islice(PORTS, 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", number))
            return number
    pytest.fail("no port is free")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, shared by all tests of a process."""
    yield from run_chromium()


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """The pages of a host where an app is shown in every place."""
    with site_with_everything() as (_, addresses):
        yield addresses


@pytest.fixture
def site() -> Iterator[Site]:
    """A site without a server, fresh for each test."""
    with open_site() as opened:
        yield opened


@pytest.fixture
def app(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve_app(confluence) as running:
        yield running


@pytest.fixture
def desk(confluence: LocalConfluence) -> Callable[..., requests.Response]:
    """POST to the desk's JSON API."""

    def post(path: str, **body: Any) -> requests.Response:
        url = f"{confluence.origin}/devhost/api/{path}"
        return requests.post(url, json=body, timeout=30)

    return post


@pytest.fixture
def installed(app: FakeApp, desk: Callable[..., requests.Response]) -> FakeApp:
    assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
    return app


@pytest.fixture
def call(
    confluence: LocalConfluence, installed: FakeApp
) -> Callable[..., requests.Response]:
    """Call a REST resource as the app."""

    def send(method: str, path: str, **options: Any) -> requests.Response:
        token = sign(installed, method, path)
        headers = {"Authorization": f"JWT {token}", **options.pop("headers", {})}
        return requests.request(
            method, confluence.base_url + path, headers=headers, timeout=30, **options
        )

    return send


@pytest.fixture
def browser_page(browser: Browser, confluence: LocalConfluence) -> Iterator[Page]:
    """A page without the state of other tests; it is closed before its host."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def open_frame(
    confluence: LocalConfluence, installed: FakeApp, browser_page: Page
) -> Open:
    """Open an address and return the app's frame once the bridge is up."""

    def open_address(path: str) -> Frame:
        browser_page.goto(confluence.base_url + path)
        return wait_for_bridge(browser_page)

    return open_address


@pytest.fixture
def bridge_app(
    confluence: LocalConfluence, desk: Callable[..., requests.Response]
) -> Iterator[BridgeApp]:
    """The app whose pages use every part of the bridge, installed."""
    with serve_bridge_app(confluence) as running:
        assert desk("install", descriptorUrl=running.descriptor_url).status_code == 200
        carry_macros(confluence)
        yield running


@pytest.fixture
def open_bridge(
    confluence: LocalConfluence, bridge_app: BridgeApp, browser_page: Page
) -> OpenFrames:
    """Open an address and return its app frames, in the page's order."""

    def open_address(path: str, count: int) -> list[Frame]:
        browser_page.goto(confluence.base_url + path)
        return app_frames(browser_page, count)

    return open_address
