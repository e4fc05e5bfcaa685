"""Cacheable modules: nothing in the URL, everything through the bridge."""

from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests
from playwright.sync_api import Page

from devhost.install.license import Licenses
from devhost.modules.iframes import bridge_options, iframe_url
from devhost.server import LocalConfluence
from devhost.site.users import ORDINARY_USER
from tests.bare_site import BASE_URL, open_site, place
from tests.browser import app_frames
from tests.fake_app import APP_KEY, FakeApp, serve_app

URL = "/page?fixed=%20x&c={content.id}&in={condition.user_is_logged_in}"
NAME = {"value": "Cacheable"}


def definition(key: str, **changes: Any) -> dict[str, Any]:
    return {"key": key, "name": NAME, "url": URL, "cacheable": True, **changes}


@pytest.fixture
def cacheable_app(
    confluence: LocalConfluence, desk: Callable[..., requests.Response]
) -> Iterator[FakeApp]:
    """An app with a cacheable page and a cacheable panel."""
    modules = {
        "generalPages": [definition("page")],
        "webPanels": [definition("panel", location="atl.page.right")],
    }
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
        yield app


def test_the_url_of_a_cacheable_module_is_verbatim() -> None:
    with open_site() as site:
        for where in (
            place(site, type="webPanels", url=URL, cacheable=True, content="98421"),
            place(site, type="generalPages", url=URL, cacheable=True),
        ):
            assert iframe_url(site, where) == BASE_URL + URL
        # Only true turns it on, as in the schema.
        other = place(site, type="generalPages", url=URL, cacheable=False)
        assert "&jwt=" in iframe_url(site, other)


def test_the_url_is_the_same_for_everybody_everywhere() -> None:
    with open_site() as site:
        first = iframe_url(site, place(site, url=URL, cacheable=True))
        site.switch_user(ORDINARY_USER)
        site.get(Licenses).switch(APP_KEY, "active")
        site.set_names("127.0.0.1", "localhost")
        where = place(site, url=URL, cacheable=True, content="98421")
        assert iframe_url(site, where) == first
        # The bridge gets what the URL does not contain.
        confluence = bridge_options(site, where)["productContext"]["confluence"]
        assert confluence["content"]["id"] == "98421"


@pytest.mark.browser
def test_the_bridge_gives_a_cacheable_panel_its_token_and_context(
    confluence: LocalConfluence, cacheable_app: FakeApp, browser_page: Page
) -> None:
    confluence.site.switch_user(ORDINARY_USER)
    browser_page.goto(f"{confluence.base_url}/spaces/DS/pages/98421")
    (frame,) = app_frames(browser_page, 1)
    (asked,) = cacheable_app.pages
    assert asked == {
        "page": "page",
        "fixed": " x",
        "c": "{content.id}",
        "in": "{condition.user_is_logged_in}",
    }
    token = frame.evaluate("AP.context.getToken()")
    claims = jwt.decode(token, cacheable_app.secret, algorithms=["HS256"])
    assert claims["qsh"] == "context-qsh"
    assert claims["sub"] == ORDINARY_USER.account_id
    context = frame.evaluate("AP.context.getContext()")
    assert context == claims["context"]
    assert context["confluence"]["content"]["id"] == "98421"
    assert context["confluence"]["space"] == {"id": "65538", "key": "DS"}
    assert context["license"] == {"active": False}


@pytest.mark.browser
def test_the_bridge_gives_a_cacheable_page_its_token_and_size(
    confluence: LocalConfluence, cacheable_app: FakeApp, browser_page: Page
) -> None:
    browser_page.goto(f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/page")
    (frame,) = app_frames(browser_page, 1)
    token = frame.evaluate("AP.context.getToken()")
    claims = jwt.decode(token, cacheable_app.secret, algorithms=["HS256"])
    assert claims["context"]["confluence"] == {}
    location = frame.evaluate("new Promise(done => AP.getLocation(done))")
    assert location.endswith(f"/plugins/servlet/ac/{APP_KEY}/page")
