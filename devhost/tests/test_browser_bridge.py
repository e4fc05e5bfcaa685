"""What an app's page can do through the bridge: events, pages, data, sizes."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Frame, Page, ViewportSize

from devhost.server import LocalConfluence
from tests.bridge_app import BRIDGE_KEY, BridgeApp, macro, serve_bridge_app
from tests.browser import OpenFrames, app_frames
from tests.macro_pages import PAGE, carry_macros

Desk = Callable[..., requests.Response]
pytestmark = pytest.mark.browser
MAIN = f"/plugins/servlet/ac/{BRIDGE_KEY}/main"
PROPERTY = """property => new Promise(done =>
    AP.confluence.setContentProperty(property, done))"""


def hears(frame: Frame, listen: str, name: str) -> None:
    frame.evaluate(
        f"AP.events.{listen}('{name}', (...data) => {{ window.heard = data; }})"
    )


def test_an_event_reaches_the_other_iframe_of_the_app_only(
    confluence: LocalConfluence, bridge_app: BridgeApp, desk: Desk, browser_page: Page
) -> None:
    macros = [macro("three", "/three"), macro("four", "/four")]
    with serve_bridge_app(
        confluence, key="com.example.other", dynamicContentMacros=macros
    ) as other:
        desk("install", descriptorUrl=other.descriptor_url).raise_for_status()
        carry_macros(confluence)
        browser_page.goto(confluence.base_url + PAGE)
        first, second, stranger, _ = app_frames(browser_page, 4)
        for frame in (second, stranger):
            hears(frame, "on", "private")
        first.evaluate("AP.events.emit('private', {a: 1})")
        second.wait_for_function("window.heard", polling=100)
        assert second.evaluate("heard[0]") == {"a": 1}
        hears(stranger, "onPublic", "public")
        first.evaluate("AP.events.emitPublic('public', {b: 2})")
        stranger.wait_for_function("window.heard", polling=100)
        assert stranger.evaluate("heard[0]") == {"b": 2}


@pytest.mark.parametrize(
    ("target", "context", "address"),
    [
        ("dashboard", {}, "/wiki/"),
        ("spaceview", {"spaceKey": "DS"}, "/wiki/spaces/DS"),
        ("contentview", {"contentId": "98421"}, "/wiki/spaces/DS/pages/98421"),
        ("contentlist", {"spaceKey": "DS"}, "/wiki/spaces/DS/pages"),
        (
            "addonModule",
            {"addonKey": BRIDGE_KEY, "moduleKey": "main", "customData": {"a": "b c"}},
            f"/wiki{MAIN}?ac.a=b+c",
        ),
        ("site", {"relativeUrl": "/wiki/spaces/DS"}, "/wiki/spaces/DS"),
    ],
)
def test_the_navigator_opens_each_target(
    open_bridge: OpenFrames,
    browser_page: Page,
    target: str,
    context: dict[str, Any],
    address: str,
) -> None:
    [frame] = open_bridge(MAIN, 1)
    with browser_page.expect_navigation():
        frame.evaluate(
            "([target, context]) => { AP.navigator.go(target, context); }",
            [target, context],
        )
    assert address in browser_page.url


@pytest.mark.parametrize(
    ("target", "context", "reason"),
    [
        ("issue", {"issueKey": "A-1"}, "it has no such target"),
        ("spaceview", {}, "spaceview needs spaceKey"),
        ("spaceview", {"spaceKey": "NONE"}, "there is no page /wiki/spaces/NONE"),
        ("contentview", {"contentId": "1"}, "There is no such content"),
        ("site", {"relativeUrl": "//example.com/"}, "leads to pages of this site only"),
        ("site", {"absoluteUrl": "https://example.com/"}, "pages of this site only"),
        ("site", {"absoluteUrl": "javascript:alert(1)"}, "pages of this site only"),
    ],
)
def test_the_navigator_refuses_unknown_and_foreign_targets(
    open_bridge: OpenFrames,
    browser_page: Page,
    target: str,
    context: dict[str, str],
    reason: str,
) -> None:
    [frame] = open_bridge(MAIN, 1)
    with browser_page.expect_event("pageerror") as refused:
        frame.evaluate(
            "([target, context]) => { AP.navigator.go(target, context); }",
            [target, context],
        )
    assert reason in refused.value.message


def test_the_navigator_reloads_the_page(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    with browser_page.expect_navigation():
        frame.evaluate("AP.navigator.reload()")


def test_history_reports_the_old_and_the_new_state(open_bridge: OpenFrames) -> None:
    [frame] = open_bridge(MAIN, 1)
    event = frame.evaluate(
        """new Promise(done => {
            AP.history.popState(done);
            AP.history.pushState("one");
            AP.history.pushState("two");
            AP.history.back();
        })"""
    )
    assert (event["newURL"], event["oldURL"]) == ("one", "two")
    assert (event["hash"], event["state"], event["key"]) == ("one", "one", BRIDGE_KEY)


def test_content_properties_are_written_read_and_synchronized(
    open_bridge: OpenFrames,
) -> None:
    frame = open_bridge(PAGE, 2)[0]
    for number, value in ((1, "first"), (2, {"second": True})):
        property_ = {"key": "p", "value": value, "version": {"number": number}}
        assert frame.evaluate(PROPERTY, property_)["property"]["value"] == value
    read = "new Promise(done => AP.confluence.{}('p', done))"
    for method in ("getContentProperty", "syncPropertyFromServer"):
        assert frame.evaluate(read.format(method))["value"] == {"second": True}
    refused = {"key": "p", "value": 3, "version": {"number": 9}}
    assert "error" in frame.evaluate(PROPERTY, refused)
    nothing = "new Promise(done => AP.confluence.getContentProperty('no', done))"
    assert frame.evaluate(nothing) is None


@pytest.mark.parametrize("member", ["saveMacro", "closeMacroEditor"])
def test_only_a_macro_editor_can_save_macros(
    open_bridge: OpenFrames, browser_page: Page, member: str
) -> None:
    frame = open_bridge(PAGE, 2)[0]
    with browser_page.expect_event("pageerror") as refused:
        frame.evaluate(f"AP.confluence.{member}({{}})")
    expected = f"AP.confluence.{member}: this page is not a macro editor"
    assert refused.value.message == expected


def test_a_request_can_be_binary_and_its_headers_are_sent(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    with browser_page.expect_request("**/rest/api/user/current*") as asked:
        body = frame.evaluate(
            """AP.request({url: "rest/api/user/current", binaryAttachment: true,
                experimental: true, headers: {"ap-client-key": "stranger"}})
                .then(answer => btoa(String.fromCharCode(
                    ...new Uint8Array(answer.body))))"""
        )
    assert b"accountId" in base64.b64decode(body)
    headers = asked.value.headers
    assert headers["ap-client-key"] == BRIDGE_KEY
    assert headers["x-experimentalapi"] == "opt-in"


def test_a_file_is_attached_and_downloaded(open_bridge: OpenFrames) -> None:
    [frame] = open_bridge(MAIN, 1)
    text = frame.evaluate(
        """async () => {
            const attached = await AP.request({
                url: "rest/api/content/98421/child/attachment", type: "POST",
                contentType: "multipart/form-data",
                headers: {"X-Atlassian-Token": "nocheck"},
                data: {file: new File(["some bytes"], "a.txt")}});
            const [attachment] = JSON.parse(attached.body).results;
            const url = attachment._links.download;
            const answer = await AP.request({url, binaryAttachment: true});
            return new TextDecoder().decode(answer.body);
        }"""
    )
    assert text == "some bytes"


# A browser delays iframes out of view; here all of them are in view.
TALL: ViewportSize = {"width": 1280, "height": 2400}
SIZES = [
    pytest.param("height=300", 300, id="grows-with-its-page"),
    pytest.param("height=300&options=resize:false", 48, id="resize-false"),
    pytest.param("height=300&options=sizeToParent:true", 48, id="size-to-parent"),
]


@pytest.mark.parametrize(("query", "height"), SIZES)
def test_a_macro_is_resized_unless_it_opts_out(
    confluence: LocalConfluence,
    desk: Desk,
    browser_page: Page,
    query: str,
    height: int,
) -> None:
    macros = [macro("tall", f"/tall?{query}"), macro("control", "/tall?height=200")]
    with serve_bridge_app(confluence, dynamicContentMacros=macros) as app:
        desk("install", descriptorUrl=app.descriptor_url).raise_for_status()
        carry_macros(confluence)
        browser_page.set_viewport_size(TALL)
        browser_page.goto(confluence.base_url + PAGE)
        _, control = app_frames(browser_page, 2)
        control.wait_for_function("innerHeight === 200", polling=100)
        iframe = browser_page.locator("iframe.ap-iframe").first
        iframe.evaluate(
            "(it, height) => new Promise(done => setInterval("
            "() => it.offsetHeight === height && done(), 50))",
            height,
        )


def test_a_macro_shrinks_with_the_container_that_atlassian_names(
    confluence: LocalConfluence, desk: Desk, browser_page: Page
) -> None:
    url = "/tall?height=300&container=1"
    with serve_bridge_app(confluence, dynamicContentMacros=[macro("m", url)]) as app:
        desk("install", descriptorUrl=app.descriptor_url).raise_for_status()
        carry_macros(confluence)
        browser_page.set_viewport_size(TALL)
        browser_page.goto(confluence.base_url + PAGE)
        [frame] = app_frames(browser_page, 1)
        frame.wait_for_function("innerHeight === 300", polling=100)
        frame.evaluate("document.querySelector('div div').style.height = '90px'")
        frame.wait_for_function("innerHeight === 90", polling=100)
