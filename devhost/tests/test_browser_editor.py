"""The page editor in a real browser: macro browser, form, an app's own editor."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Frame, Page, Route, expect

from devhost.server import LocalConfluence
from devhost.wiki.storage_format import Macro, macros
from tests.bridge_app import BridgeApp, macro, serve_bridge_app
from tests.browser import app_frames
from tests.macro_pages import macro_xml, write_page

Desk = Callable[..., requests.Response]
pytestmark = pytest.mark.browser
CREATE = "/spaces/DS/pages/create"
EDIT = "/spaces/DS/pages/edit-v2/98421"
NAME = {"value": "Colour"}
POLL = macro(
    "poll",
    "/poll",
    bodyType="plain-text",
    categories=["reporting"],
    parameters=[
        {"identifier": "color", "name": NAME, "type": "enum", "values": ["red"]},
        {"identifier": "loud", "name": {"value": "Loud"}, "type": "boolean"},
        {"identifier": "times", "name": {"value": "Times"}, "type": "int"},
        {"identifier": "kept", "name": NAME, "hidden": True, "defaultValue": "k"},
    ],
)
DRAWING = macro(
    "drawing",
    "/drawing",
    bodyType="plain-text",
    editor={"url": "/editor", "editTitle": {"value": "Change the drawing"}},
    autoconvert={
        "urlParameter": "link",
        "matchers": [{"pattern": "https://drawings.example/{}"}],
    },
)


@pytest.fixture
def app(confluence: LocalConfluence, desk: Desk) -> Iterator[BridgeApp]:
    with serve_bridge_app(confluence, dynamicContentMacros=[POLL, DRAWING]) as running:
        desk("install", descriptorUrl=running.descriptor_url).raise_for_status()
        yield running


def text_of(page: Page) -> list[Macro]:
    return macros(page.get_by_label("Body, in storage format").input_value())


def choose(page: Page, title: str) -> None:
    page.get_by_role("button", name="Insert macro").click()
    page.get_by_role("dialog").get_by_role("button", name=title).click()


def editor_frame(page: Page) -> Frame:
    """Return the app's own editor, once its bridge is up."""
    expect(page.locator("dialog[open] iframe")).to_be_visible()
    frame = app_frames(page, 1)[0]
    frame.wait_for_function("AP.confluence && AP.dialog", polling=100)
    return frame


def test_a_page_with_a_macro_is_created_by_hand(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    browser_page.goto(confluence.base_url + CREATE)
    browser_page.get_by_label("Title").fill("By hand")
    browser_page.get_by_role("button", name="Insert macro").click()
    dialog = browser_page.get_by_role("dialog", name="Insert macro")
    dialog.get_by_label("Search macros").fill("nothing like it")
    expect(dialog.get_by_text("No app brings such a macro.")).to_be_visible()
    dialog.get_by_label("Search macros").fill("")
    dialog.get_by_label("Category").select_option("reporting")
    expect(dialog.locator(".macro-card")).to_have_count(1)
    dialog.get_by_role("button", name="Macro poll").click()
    form = browser_page.get_by_role("dialog", name="Insert Macro poll")
    form.get_by_label("Colour").select_option("red")
    form.get_by_label("Loud").check()
    form.get_by_label("Times").fill("3")
    form.get_by_label("Body").fill("a < b")
    form.get_by_role("button", name="Insert").click()
    expect(browser_page.locator(".macro-line")).to_contain_text("color: red")
    browser_page.get_by_role("button", name="Publish").click()
    [frame] = app_frames(browser_page, 1)
    data = frame.evaluate("new Promise(done => AP.confluence.getMacroData(done))")
    assert data == {"kept": "k", "color": "red", "loud": "true", "times": "3"}
    body = frame.evaluate("new Promise(done => AP.confluence.getMacroBody(done))")
    assert body == "a < b"


def test_a_macro_is_edited_and_removed_in_the_list(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    write_page(confluence, f"<p>a</p>{macro_xml('poll', color='red', old='o')}<p>b</p>")
    browser_page.goto(confluence.base_url + EDIT)
    browser_page.get_by_role("button", name="Edit Macro poll").click()
    form = browser_page.get_by_role("dialog")
    form.get_by_label("Colour").select_option("")
    form.get_by_label("Times").fill("7")
    form.get_by_role("button", name="Save").click()
    expect(browser_page.locator(".macro-line")).to_contain_text("times: 7")
    [changed] = text_of(browser_page)
    # What the form does not know is kept, and so is the id.
    assert changed.id == "m-1"
    assert changed.parameters == {"old": "o", "loud": "false", "times": "7"}
    browser_page.get_by_role("button", name="Remove Macro poll").click()
    expect(browser_page.get_by_text("None yet.")).to_be_visible()
    text = browser_page.get_by_label("Body, in storage format")
    expect(text).to_have_value("<p>a</p><p>b</p>")
    text.fill("<p>broken")
    expect(browser_page.locator("#body-problem")).to_contain_text("Error parsing xhtml")
    text.fill("<p>mended</p>")
    expect(browser_page.locator("#body-problem")).to_be_hidden()


def test_an_app_edits_its_macro_in_a_dialog_of_its_own(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    before = macro_xml("drawing", "<ac:plain-text-body>old</ac:plain-text-body>", w="1")
    write_page(confluence, before)
    browser_page.goto(confluence.base_url + EDIT)
    browser_page.get_by_role("button", name="Edit Macro drawing").click()
    expect(browser_page.get_by_role("dialog")).to_contain_text("Change the drawing")
    frame = editor_frame(browser_page)
    read = "new Promise(done => AP.confluence.{}(done))"
    assert frame.evaluate(read.format("getMacroData")) == {"w": "1"}
    assert frame.evaluate(read.format("getMacroBody")) == "old"
    # As apps do it: on the dialog's own button.
    frame.evaluate(
        """() => {
            AP.dialog.disableCloseOnSubmit();
            AP.events.on("dialog.submit", () => {
                AP.confluence.saveMacro({w: 2, on: true}, "new");
                AP.confluence.closeMacroEditor();
            });
        }"""
    )
    browser_page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(browser_page.locator("dialog")).to_have_count(0)
    expect(browser_page.locator(".macro-line")).to_contain_text("w: 2, on: true")
    [changed] = text_of(browser_page)
    assert (changed.id, changed.body) == ("m-1", "new")
    assert changed.parameters == {"w": "2", "on": "true"}


def test_a_macro_can_be_edited_as_soon_as_the_bridge_is_there(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    write_page(confluence, macro_xml("drawing"))
    held: list[Route] = []
    browser_page.route("**/bridge/frames.js", lambda route: held.append(route))
    with browser_page.expect_request("**/bridge/frames.js"):
        browser_page.goto(confluence.base_url + EDIT)
    edit = browser_page.get_by_role("button", name="Edit Macro drawing")
    assert edit.count() == 0
    assert browser_page.get_by_role("button", name="Insert macro").is_disabled()
    held[0].continue_()
    edit.click()
    editor_frame(browser_page)


def test_a_cancelled_editor_changes_nothing(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    browser_page.goto(confluence.base_url + CREATE)
    choose(browser_page, "Macro drawing")
    editor_frame(browser_page)
    browser_page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(browser_page.locator("dialog")).to_have_count(0)
    choose(browser_page, "Macro drawing")
    frame = editor_frame(browser_page)
    # Without a body the body stays.
    frame.evaluate("AP.confluence.saveMacro({n: 1}); AP.confluence.closeMacroEditor()")
    expect(browser_page.locator(".macro-line")).to_have_count(1)
    [inserted] = text_of(browser_page)
    assert (inserted.parameters, inserted.body) == ({"n": "1"}, "")


def test_a_pasted_address_becomes_a_macro(
    confluence: LocalConfluence, app: BridgeApp, browser_page: Page
) -> None:
    browser_page.goto(confluence.base_url + CREATE)
    expect(browser_page.get_by_text("None yet.")).to_be_visible()
    paste = """text => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", text);
        document.getElementById("body").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData, cancelable: true}));
    }"""
    browser_page.evaluate(paste, "https://drawings.example/7")
    expect(browser_page.locator(".macro-line")).to_contain_text("drawings.example/7")
    browser_page.evaluate(paste, "https://other.example/8")
    text = browser_page.get_by_label("Body, in storage format")
    expect(text).to_have_value(re.compile("macro>https://other.example/8$"))
