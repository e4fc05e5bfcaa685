"""The modules of an app, opened in a browser as a person opens them."""

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Frame, Page, expect

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit
from tests.module_app import MODULE_KEY, serve_module_app

Post = Callable[..., requests.Response]
PAGE = "/spaces/DS/pages/98421"

pytestmark = pytest.mark.browser


@pytest.fixture
def page(confluence: LocalConfluence, desk: Post, browser_page: Page) -> Iterator[Page]:
    """The page of the demonstration space, with the app installed."""
    with serve_module_app(confluence) as running:
        assert desk("install", descriptorUrl=running.descriptor_url).status_code == 200
        browser_page.goto(confluence.base_url + PAGE)
        expect(
            browser_page.locator("body[data-bridge=established]").first
        ).to_be_visible()
        yield browser_page
        browser_page.goto("about:blank")


def frame_of(page: Page, key: str) -> Frame:
    """Return the frame of a module, once its bridge is up."""
    selector = f"iframe[id*='__{key}__']"
    iframe = page.wait_for_selector(selector, state="attached")
    frame = iframe and iframe.content_frame()
    assert frame
    frame.wait_for_function("window.AP && AP._data && AP.context", polling=100)
    return frame


def content_id(frame: Frame) -> str:
    context = frame.evaluate("AP.context.getContext()")
    return str(context["confluence"]["content"]["id"])


def test_a_web_item_opens_a_dialog_of_the_size_it_names(page: Page) -> None:
    page.get_by_role("link", name="Name of dialog-item").click()
    dialog = page.locator("dialog[open]")
    box = dialog.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (400, 300)
    assert content_id(frame_of(page, "dialog-item")) == "98421"
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")


def test_a_web_item_opens_a_dialog_module(page: Page) -> None:
    page.get_by_role("link", name="Name of module-item").click()
    page.get_by_role("dialog", name="The box").wait_for()
    assert content_id(frame_of(page, "box")) == "98421"


def test_a_web_item_and_a_byline_item_open_inline_dialogs(page: Page) -> None:
    for key in ("inline-item", "byline"):
        page.get_by_role("link", name=f"Name of {key}").click()
        assert content_id(frame_of(page, key)) == "98421"
        page.get_by_role("dialog", name=f"Name of {key}").wait_for()
        page.keyboard.press("Escape")


def test_the_menu_of_a_page_is_used_by_keyboard(page: Page) -> None:
    page.get_by_label("More actions", exact=True).press("Enter")
    page.get_by_role("link", name="Name of context-item").press("Enter")
    page.wait_for_url("**/context-item?content.id=98421&space.key=DS")
    assert content_id(frame_of(page, "context-item")) == "98421"


def test_a_link_in_the_body_of_a_page_opens_a_dialog(
    page: Page, confluence: LocalConfluence
) -> None:
    site = confluence.site
    viewer = site.get(Wiki).viewer(ADMINISTRATOR)
    content = site.get(Wiki).contents.get(viewer, "98421")
    classes = f"ap-dialog ap-plugin-key-{MODULE_KEY} ap-module-key-box danger"
    body = f'<p><a href="/wiki/" class="{classes}">Open sesame</a></p>'
    site.get(Wiki).editor.update(viewer, content, Edit(content.version + 1, body=body))
    page.reload()
    expect(page.locator("body[data-bridge=established]").first).to_be_visible()
    link = page.get_by_role("link", name="Open sesame")
    assert "danger" not in str(link.get_attribute("class"))
    link.click()
    expect(page.locator("dialog[open]").first).to_be_visible()
    frame_of(page, "box")


def test_keys_open_pages_dialogs_and_web_items(page: Page) -> None:
    for key, module in (("x", "box"), ("q", "dialog-item")):
        page.keyboard.press(key)
        assert content_id(frame_of(page, module)) == "98421"
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    names = listed.get_by_role("listitem").all_inner_texts()
    assert any("Name of to-box" in each for each in names)
    assert not any("to-nothing" in each for each in names)
    listed.get_by_role("button", name="Close").click()
    # Until it is gone, its button has the focus and the keys.
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.wait_for_url("**/default-page")


def test_keys_are_letters_while_somebody_writes(
    page: Page, confluence: LocalConfluence
) -> None:
    page.goto(f"{confluence.origin}/devhost/")
    field = page.get_by_label("Descriptor URL")
    field.fill("")
    field.press_sequentially("gvx?")
    assert field.input_value() == "gvx?"
    assert page.locator("dialog").count() == 0


def test_selected_text_offers_its_web_items(page: Page) -> None:
    panel = page.get_by_role("toolbar", name="Selected text")
    assert not panel.is_visible()
    page.locator(".wiki-body p").first.dblclick()
    panel.get_by_role("link", name="Name of on-selection").click()
    assert content_id(frame_of(page, "on-selection")) == "98421"


def test_a_byline_item_changes_with_its_content_property(page: Page) -> None:
    page.get_by_role("link", name="Name of byline").click()
    frame = frame_of(page, "byline")
    frame.evaluate(
        """new Promise(done => AP.confluence.setContentProperty({
            key: "byline-look",
            value: {name: {value: "2 approvals"}, tooltip: {value: "By two"}},
        }, done))"""
    )
    link = page.locator(".byline a")
    expect(link).to_have_text("2 approvals")
    expect(link).to_have_attribute("title", "By two")
    page.reload()
    expect(link).to_have_text("2 approvals")
