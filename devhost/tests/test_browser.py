"""The bridge in a real browser: app page, macro, dialog, theme, users."""

import jwt
import pytest
import requests
from playwright.sync_api import Page, expect

from devhost.server import LocalConfluence
from devhost.site.assumptions import Assumptions
from devhost.site.users import ADMINISTRATOR
from tests.browser import Open
from tests.fake_app import APP_KEY, FakeApp
from tests.macro_pages import carry_macros

PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
pytestmark = pytest.mark.browser

MAIN = f"/plugins/servlet/ac/{APP_KEY}/main"


def test_an_app_page_gets_a_context_token(installed: FakeApp, open_frame: Open) -> None:
    frame = open_frame(MAIN)
    for script in (
        "AP.context.getToken()",
        "new Promise(done => AP.context.getToken(done))",
    ):
        token = frame.evaluate(script)
        claims = jwt.decode(token, installed.secret, algorithms=["HS256"])
        assert claims["qsh"] == "context-qsh"
        assert claims["sub"] == ADMINISTRATOR.account_id
    user = frame.evaluate("new Promise(done => AP.user.getCurrentUser(done))")
    assert user == {"atlassianAccountId": ADMINISTRATOR.account_id}


def test_ap_request_reads_and_writes_app_properties(open_frame: Open) -> None:
    frame = open_frame(MAIN)
    written = frame.evaluate(
        f"""AP.request({{url: "{PROPERTY}", type: "PUT",
            contentType: "application/json", data: JSON.stringify({{a: 1}})}})
            .then(answer => answer.xhr.status)"""
    )
    assert written == 201
    read = frame.evaluate(
        f"""new Promise((done, fail) => AP.request({{url: "{PROPERTY}",
            data: {{jsonValue: true}}, error: fail,
            success: body => done(JSON.parse(body).value)}}))"""
    )
    assert read == {"a": 1}
    missing = frame.evaluate(
        """AP.request("/rest/api/longtask").catch(failure => failure.xhr.status)"""
    )
    assert missing == 501


@pytest.mark.parametrize(
    "url", ["/plugins/servlet/ac/x/y", "/../devhost/api/user", "/rest/../../devhost/"]
)
def test_ap_request_reaches_nothing_but_rest(open_frame: Open, url: str) -> None:
    script = f"""AP.request("{url}").catch(failure => failure.err)"""
    message = open_frame(MAIN).evaluate(script)
    assert message == "AP.request reaches only the site's REST resources"


def test_a_macro_gets_its_page_and_space(
    confluence: LocalConfluence, open_frame: Open
) -> None:
    carry_macros(confluence)
    context = open_frame("/spaces/DS/pages/98421").evaluate("AP.context.getContext()")
    assert context["confluence"]["content"]["id"] == "98421"
    assert context["confluence"]["space"]["key"] == "DS"
    assert context["confluence"]["macro"]["outputType"] == "display"


def test_a_dialog_opens_and_answers_its_opener(
    open_frame: Open, browser_page: Page
) -> None:
    frame = open_frame(MAIN)
    frame.evaluate(
        """() => {
            AP.events.on("dialog.close", data => { window.answer = data; });
            AP.dialog.create({key: "admin", chrome: true, header: "A dialog"});
        }"""
    )
    expect(browser_page.locator("dialog[open] iframe").first).to_be_visible()
    dialog = browser_page.frame_locator("dialog iframe")
    dialog.locator("h1").wait_for()
    inner = browser_page.frames[-1]
    inner.wait_for_function("window.AP && AP.dialog", polling=100)
    inner.evaluate("AP.dialog.close({answer: 42})")
    frame.wait_for_function("window.answer", polling=100)
    assert frame.evaluate("window.answer") == {"answer": 42}
    assert browser_page.locator("dialog").count() == 0


def test_a_flag_can_be_dismissed(open_frame: Open, browser_page: Page) -> None:
    open_frame(MAIN).evaluate(
        "AP.flag.create({title: 'Saved', body: 'Done', type: 'success'})"
    )
    browser_page.get_by_text("Saved").wait_for()
    browser_page.get_by_role("button", name="Dismiss").click()
    assert browser_page.locator(".flag").count() == 0


def test_the_theme_reaches_the_app(open_frame: Open, browser_page: Page) -> None:
    frame = open_frame(MAIN)
    frame.evaluate("AP.theming.initializeTheming()")
    for mode in ("dark", "light"):
        browser_page.get_by_role("button", name="Dark mode").click()
        frame.wait_for_selector(f"html[data-color-mode={mode}]", state="attached")
    links = "[...document.querySelectorAll('link')].map(link => link.href)"
    assert not any("atl-paas" in link for link in frame.evaluate(links))


def test_history_and_cookies(open_frame: Open, browser_page: Page) -> None:
    frame = open_frame(MAIN)
    frame.evaluate("AP.history.pushState('step/1')")
    browser_page.wait_for_url("**/main#!step/1")
    state = frame.evaluate("new Promise(done => AP.history.getState('hash', done))")
    assert state == "step/1"
    frame.evaluate("AP.cookie.save('name', 'value', 1)")
    read = "new Promise(done => AP.cookie.read('name', done))"
    assert frame.evaluate(read) == "value"
    frame.evaluate("AP.cookie.erase('name')")
    assert frame.evaluate(read) is None


def test_the_navigator_opens_other_pages(open_frame: Open, browser_page: Page) -> None:
    frame = open_frame(MAIN)
    location = frame.evaluate("new Promise(done => AP.navigator.getLocation(done))")
    assert location["context"] == {"addonKey": APP_KEY, "moduleKey": "main"}
    frame.evaluate("AP.navigator.go('contentview', {contentId: '98421'})")
    browser_page.wait_for_url("**/spaces/DS/pages/98421")


def test_an_iframe_with_an_expired_token_gets_a_new_one(
    confluence: LocalConfluence, installed: FakeApp, browser_page: Page
) -> None:
    confluence.site.get(Assumptions).set("url-token-seconds", 30)
    with browser_page.expect_request("**/devhost/api/iframe") as asked:
        browser_page.goto(confluence.base_url + MAIN)
    sent = asked.value.post_data_json
    assert sent is not None
    assert sent["moduleKey"] == "main"
    expect(browser_page.locator("body[data-bridge=established]").first).to_be_visible()


def test_the_menus_switch_the_user_by_keyboard(
    confluence: LocalConfluence, open_frame: Open, browser_page: Page
) -> None:
    open_frame(MAIN)
    menu = browser_page.locator(".menu.right summary")
    menu.focus()
    browser_page.keyboard.press("Enter")
    browser_page.get_by_role("button", name="Uma User").press("Enter")
    expect(browser_page.locator("text=Uma User").first).to_be_visible()
    assert confluence.site.user.name == "user"
    assert browser_page.url.endswith(MAIN)
    assert browser_page.get_by_role("link", name="Settings").count() == 0


def test_the_desk_uninstalls_by_click(
    confluence: LocalConfluence, installed: FakeApp, browser_page: Page
) -> None:
    browser_page.goto(f"{confluence.origin}/devhost/")
    browser_page.get_by_role("button", name="Uninstall").click()
    browser_page.get_by_role("button", name="Install again").wait_for()
    page = requests.get(confluence.base_url + MAIN, timeout=30)
    assert "is not installed here" in page.text
