"""One story in a real browser: install, page, property, module, uninstall, return."""

import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.pages.end_to_end.conftest import Stack
from tests.signing import APP_KEY

pytestmark = pytest.mark.browser

NOISE = (
    # The bridge says this itself when its host has no feature flags.
    "Feature flag service is not initialised",
    # Leaving a page ends what it was still loading; a refusal has a status instead.
    "Failed to load resource: net::ERR_",
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which an error in any frame fails the test."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and not any(n in message.text for n in NOISE)
            else None
        ),
    )
    yield page
    context.close()
    assert errors == []


def open_module(page: Page, stack: Stack, module: str) -> FrameLocator:
    page.goto(f"{stack.site}/wiki/plugins/servlet/ac/{APP_KEY}/{module}")
    return page.frame_locator("iframe")


def press_on_desk(page: Page, stack: Stack, button: str) -> None:
    page.goto(f"{stack.site}/devhost/")
    page.get_by_role("button", name=button, exact=True).click()


def switch_user(page: Page, stack: Stack, user: str) -> None:
    answer = page.request.post(
        f"{stack.site}/devhost/api/user",
        data={"user": user},
        headers={"Origin": stack.site},
    )
    assert answer.ok, answer.text()


def wait_for_refusal(url: str) -> requests.Response:
    """Ask until every worker has forgotten the tenant, or 30 seconds have passed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # Each connection may be another worker's.
        answers = [requests.get(url, timeout=30) for _ in range(10)]
        if not any(answer.ok for answer in answers):
            break
        time.sleep(0.2)
    return answers[-1]


def app_frame_url(page: Page, stack: Stack) -> str:
    expect(page.locator("iframe")).to_be_visible()
    [url] = [frame.url for frame in page.frames if frame.url.startswith(stack.app)]
    return url


def test_an_app_is_installed_used_uninstalled_and_installed_again(
    page: Page, stack: Stack
) -> None:
    # The page names tenant and user, and every card made its round trip.
    frame = open_module(page, stack, "overview")
    [app] = requests.get(f"{stack.site}/devhost/api/apps", timeout=30).json()["apps"]
    expect(frame.locator("#tenant")).to_have_text(app["clientKey"])
    expect(frame.locator("#user")).to_have_text("557058:devhost-administrator")
    expect(frame.locator("#context")).to_have_text("accepted for the same tenant")
    expect(frame.locator("#license")).to_have_text("Free app, no license needed")
    signed_url = app_frame_url(page, stack)
    assert requests.get(signed_url, timeout=30).status_code == 200

    # The app property is written, and read again after a reload.
    frame.get_by_label("Note").fill("Grüße & <b>+%2F</b>")
    frame.get_by_role("button", name="Save").click()
    expect(frame.locator("#status")).to_have_text("Note saved.")
    page.reload()
    expect(frame.get_by_label("Note")).to_have_value("Grüße & <b>+%2F</b>")

    # The menu link appears in Confluence, works, and goes again.
    menu_link = page.get_by_role("link", name="Example link")
    expect(menu_link).to_have_count(0)
    frame.get_by_role("button", name="Add menu link").click()
    expect(frame.locator("#menu")).to_have_text("In the menu")
    page.reload()
    menu_link.first.click()
    page.wait_for_url("**/menu-link")
    expect(frame.locator("#tenant")).to_have_text(app["clientKey"])
    open_module(page, stack, "overview")
    frame.get_by_role("button", name="Remove menu link").click()
    expect(frame.locator("#menu")).to_have_text("Not in the menu")
    page.reload()
    expect(menu_link).to_have_count(0)

    # After the uninstall the site says so, and the app refuses the old URL.
    press_on_desk(page, stack, "Uninstall")
    expect(page.get_by_text("uninstalled", exact=True).first).to_be_visible()
    answer = wait_for_refusal(signed_url)
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})

    # Back again, the page works and the property is still there.
    press_on_desk(page, stack, "Install again")
    frame = open_module(page, stack, "overview")
    expect(frame.locator("#tenant")).to_have_text(app["clientKey"])
    expect(frame.get_by_label("Note")).to_have_value("Grüße & <b>+%2F</b>")

    assert "Traceback" not in stack.log()
    assert "jwt=" not in stack.log()


def test_the_macro_greets_and_the_admin_page_is_for_administrators(
    page: Page, stack: Stack
) -> None:
    page.goto(f"{stack.site}/wiki/")
    page.get_by_role("button", name="Try its macros").click()
    greeting = page.frame_locator("iframe").locator(".greeting")
    expect(greeting).to_contain_text("You are in the space DS.")

    frame = open_module(page, stack, "settings")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Example App settings")


@pytest.mark.parametrize("user", ["user", "anonymous"])
def test_the_admin_page_refuses_other_users(
    browser: Browser, stack: Stack, user: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.site}/wiki/")
    switch_user(page, stack, user)
    frame = open_module(page, stack, "settings")
    expect(frame.get_by_role("heading", level=1)).to_have_text(
        "This page is for administrators"
    )
    context.close()


@pytest.mark.parametrize("user", ["user", "anonymous"])
def test_other_users_see_why_they_can_change_nothing(
    page: Page, stack: Stack, user: str
) -> None:
    page.goto(f"{stack.site}/wiki/")
    switch_user(page, stack, user)
    frame = open_module(page, stack, "overview")
    expect(frame.locator("#rights")).to_be_visible()
    expect(frame.locator("#menu")).to_have_text("Not in the menu")
    for button in frame.get_by_role("button").all():
        expect(button).to_be_disabled()
    expect(frame.get_by_label("Note")).to_be_disabled()
