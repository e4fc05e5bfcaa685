"""Dialogs, inline dialogs, messages and menus that an app's page opens."""

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.bridge_app import BRIDGE_KEY
from tests.browser import OpenFrames, app_frames

pytestmark = pytest.mark.browser
MAIN = f"/plugins/servlet/ac/{BRIDGE_KEY}/main"
RECORD = """name => AP.events.on(name, data => {
    window.records = (window.records || []).concat([[name, data]]);
})"""


def open_dialog(frame: Frame, page: Page, options: str) -> Frame:
    frame.evaluate(f"() => {{ AP.dialog.create({options}); }}")
    expect(page.locator("dialog[open]").first).to_be_visible()
    return app_frames(page, 2)[1]


def test_a_dialog_module_opens_with_the_options_of_the_descriptor(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    open_dialog(frame, browser_page, "{key: 'box'}")
    dialog = browser_page.get_by_role("dialog", name="From the descriptor")
    assert dialog.bounding_box()["width"] == 400  # type: ignore[index]  # It is visible.
    assert dialog.get_by_role("button", name="Submit").is_enabled()


def test_a_dialog_has_the_size_buttons_and_data_it_is_opened_with(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    inner = open_dialog(
        frame,
        browser_page,
        """{key: 'main', width: '500px', height: '50%', chrome: true, header: 'Own',
            submitText: 'Go', cancelText: 'Leave', hint: 'A hint', customData: {a: 1},
            buttons: [{text: 'More', identifier: 'more'}]}""",
    )
    dialog = browser_page.get_by_role("dialog", name="Own")
    box = dialog.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (500, 400)
    assert dialog.get_by_role("button").all_inner_texts() == ["Go", "Leave", "More"]
    assert dialog.get_by_text("A hint").is_visible()
    data = inner.evaluate("new Promise(done => AP.dialog.getCustomData(done))")
    assert data == {"a": 1}


def test_the_buttons_of_a_dialog_tell_its_page(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    frame.evaluate(RECORD, "dialog.close")
    inner = open_dialog(
        frame,
        browser_page,
        "{key: 'box', buttons: [{text: 'More', identifier: 'more'}]}",
    )
    inner.evaluate(RECORD, "dialog.button.click")
    inner.evaluate("AP.dialog.disableCloseOnSubmit()")
    for name in ("More", "Submit"):
        browser_page.get_by_role("button", name=name).click()
    inner.wait_for_function("window.records && records.length === 2", polling=100)
    clicked = inner.evaluate("records.map(record => record[1].button.identifier)")
    assert clicked == ["more", "submit"]
    browser_page.get_by_role("button", name="Cancel").click()
    expect(browser_page.locator("dialog")).to_have_count(0)
    frame.wait_for_function("window.records", polling=100)


def test_buttons_can_be_disabled_and_hidden(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    inner = open_dialog(frame, browser_page, "{key: 'box'}")
    submit = browser_page.get_by_role("button", name="Submit")
    inner.evaluate("AP.dialog.getButton('submit').disable()")
    browser_page.get_by_role("button", name="Submit", disabled=True).wait_for()
    inner.evaluate("AP.dialog.getButton('submit').toggle()")
    browser_page.get_by_role("button", name="Submit", disabled=False).wait_for()
    inner.evaluate("AP.dialog.getButton('submit').hide()")
    submit.wait_for(state="hidden")
    inner.evaluate("AP.dialog.getButton('submit').show()")
    submit.wait_for()


def test_escape_closes_a_dialog_unless_disabled(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    open_dialog(frame, browser_page, "{key: 'box', closeOnEscape: false}")
    browser_page.get_by_role("button", name="Cancel").press("Escape")
    assert browser_page.locator("dialog[open]").count() == 1
    browser_page.get_by_role("button", name="Cancel").click()
    expect(browser_page.locator("dialog")).to_have_count(0)
    open_dialog(frame, browser_page, "{key: 'box'}")
    browser_page.get_by_role("button", name="Cancel").press("Escape")
    expect(browser_page.locator("dialog")).to_have_count(0)


def test_a_dialog_cannot_open_another(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    inner = open_dialog(frame, browser_page, "{key: 'box'}")
    message = inner.evaluate(
        """() => {
            try { AP.dialog.create({key: 'bare'}); }
            catch (error) { return error.message; }
        }"""
    )
    assert message == "AP.dialog.create: a dialog cannot open another dialog"
    frame.evaluate("() => { AP.dialog.create({key: 'bare'}); }")
    frame.evaluate("AP.context.getContext()")
    assert browser_page.locator("dialog").count() == 1


def test_a_dialog_without_a_module_shows_an_error(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    frame.evaluate("() => { AP.dialog.create({key: 'nothing', chrome: true}); }")
    browser_page.get_by_text("has no such module with a URL").wait_for()
    browser_page.get_by_role("button", name="Cancel").click()
    expect(browser_page.locator("dialog")).to_have_count(0)


def test_a_message_can_be_cleared_and_tells_that_it_is_closed(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    frame.evaluate(
        """() => {
            window.message = AP.messages.warning("Careful", "<b>text</b>");
            AP.messages.onClose(message, () => { window.wasClosed = true; });
        }"""
    )
    browser_page.get_by_text("<b>text</b>").wait_for()
    frame.evaluate("AP.messages.clear(message)")
    expect(browser_page.locator(".flag")).to_have_count(0)
    frame.wait_for_function("window.wasClosed", polling=100)


def test_a_flag_tells_which_action_was_chosen(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    for name in ("flag.action", "flag.close"):
        frame.evaluate(RECORD, name)
    frame.evaluate(
        """() => { AP.flag.create({title: "Title", body: "Body", type: "success",
            actions: {undo: "Undo it"}}); }"""
    )
    browser_page.get_by_role("button", name="Undo it").click()
    frame.wait_for_function("window.records", polling=100)
    assert frame.evaluate("records[0][1].actionIdentifier") == "undo"
    browser_page.get_by_role("button", name="Dismiss").click()
    frame.wait_for_function("records.length === 2", polling=100)


def test_a_dropdown_works_by_keyboard(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    frame.evaluate(RECORD, "dropdown-item-selected")
    frame.evaluate(
        """() => {
            AP.dropdown.create({dropdownId: "menu", list: [{heading: "Heading", list: [
                {text: "One", itemId: "1"}, {text: "Two", itemId: "2"},
                {text: "Three", itemId: "3"}]}]});
            AP.dropdown.itemDisable("menu", "2");
            AP.dropdown.showAt("menu", 20, 30, 200);
        }"""
    )
    menu = browser_page.get_by_role("menu")
    menu.wait_for()
    menu.get_by_role("menuitem", name="One").press("ArrowDown")
    menu.get_by_role("menuitem", name="Three").press("Enter")
    frame.wait_for_function("window.records", polling=100)
    chosen = frame.evaluate("records[0][1]")
    assert (chosen["dropdownId"], chosen["item"]["itemId"]) == ("menu", "3")
    assert not menu.is_visible()


def test_a_link_opens_an_inline_dialog_that_its_page_can_hide(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    open_bridge(MAIN, 1)
    browser_page.evaluate(
        f"""() => {{
            const link = document.createElement("a");
            link.href = "#";
            link.className = "ap-inline-dialog ap-plugin-key-{BRIDGE_KEY}"
                + " ap-module-key-item";
            link.textContent = "An item";
            document.querySelector(".top nav").append(link);
        }}"""
    )
    link = browser_page.get_by_role("link", name="An item")
    link.click()
    dialog = browser_page.get_by_role("dialog", name="An item")
    dialog.locator("iframe").wait_for()
    assert dialog.locator(".contents").bounding_box()["width"] == 240  # type: ignore[index]  # It is visible.
    inner = app_frames(browser_page, 2)[1]
    inner.evaluate("AP.inlineDialog.hide()")
    dialog.wait_for(state="hidden")
    link.click()
    dialog.wait_for()
    link.press("Escape")
    dialog.wait_for(state="hidden")
