"""The pages of the site, and the iframes on them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests

from devhost.pages import bridge
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from tests.fake_app import APP_KEY, FakeApp, serve_app
from tests.macro_pages import carry_macros
from tests.pages import boot, claims_of, from_page

Post = Callable[..., requests.Response]
PAGE = f"/wiki/plugins/servlet/ac/{APP_KEY}/main"
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"


@pytest.fixture
def show(confluence: LocalConfluence) -> Callable[[str], requests.Response]:
    def get(path: str) -> requests.Response:
        return requests.get(confluence.origin + path, timeout=30)

    return get


Show = Callable[[str], requests.Response]


def test_the_iframe_of_a_page_is_signed(installed: FakeApp, show: Show) -> None:
    url = boot(show(PAGE))["frames"][0]["url"]
    assert url.startswith(f"{installed.base_url}/page?a=1&b=%20x&xdm_e=http%3A%2F%2F")
    names = [name for name, _ in parse_qsl(urlsplit(url).query)]
    assert names == [
        "a",
        "b",
        "xdm_e",
        "xdm_c",
        "cp",
        "xdm_deprecated_addon_key_do_not_use",
        "lic",
        "cv",
        "jwt",
    ]
    claims = claims_of(url, installed.secret)
    assert claims["sub"] == ADMINISTRATOR.account_id
    assert claims["iss"] == installed.received[0].body["clientKey"]
    assert claims["exp"] - claims["iat"] == 900
    assert "aud" not in claims
    # The app checks the hash of what it is sent.
    assert requests.get(url, timeout=30).status_code == 200
    assert installed.pages[0]["lic"] == "none"


def test_a_url_is_signed_as_a_browser_sends_it(
    installed: FakeApp, show: Show, call: Post
) -> None:
    name = {"value": "P"}
    page = {"key": "odd", "name": name, "url": "/pä ge?q=ü \"'&r={nope}#part"}
    assert call("POST", MODULES, json={"generalPages": [page]}).status_code == 200
    url = boot(show(f"/wiki/plugins/servlet/ac/{APP_KEY}/odd"))["frames"][0]["url"]
    assert url.startswith(f"{installed.base_url}/p%C3%A4%20ge?q=%C3%BC%20%22'&r=&xdm_e")
    assert requests.get(url, timeout=30).status_code == 200
    assert installed.pages[0]["q"] == "ü \"'"


def test_an_anonymous_reader_has_no_sub(
    installed: FakeApp, show: Show, desk: Post
) -> None:
    desk("user", user="anonymous")
    url = boot(show(PAGE))["frames"][0]["url"]
    assert "sub" not in claims_of(url, installed.secret)


def test_a_macro_gets_its_page_and_parameters(
    confluence: LocalConfluence, installed: FakeApp, show: Show
) -> None:
    carry_macros(confluence)
    frame = boot(show("/wiki/spaces/DS/pages/98421"))["frames"][0]
    assert (frame["width"], frame["height"]) == ("100%", "120px")
    assert requests.get(frame["url"], timeout=30).status_code == 200
    received = installed.pages[0]
    assert received["space"] == "DS"
    assert received["c"] == "deep blue & green"
    assert received["n"] == ""
    context = received["claims"]["context"]["confluence"]
    assert context["content"]["id"] == received["page"] == "98421"
    assert context["space"] == {"id": "65538", "key": "DS"}
    assert context["macro"]["id"] == received["m"]
    assert context["macro"]["outputType"] == "display"


def test_a_cacheable_module_is_loaded_verbatim(
    confluence: LocalConfluence, desk: Post, show: Show
) -> None:
    page = {"key": "main", "name": {"value": "P"}, "url": "/p?x={content.id}"}
    modules = {"generalPages": [{**page, "cacheable": True}]}
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        desk("install", descriptorUrl=app.descriptor_url)
        assert boot(show(PAGE))["frames"][0]["url"] == (
            f"{app.base_url}/p?x={{content.id}}"
        )


def test_a_paid_app_gets_its_license(
    confluence: LocalConfluence, desk: Post, show: Show
) -> None:
    with serve_app(confluence, descriptor={"enableLicensing": True}) as app:
        desk("install", descriptorUrl=app.descriptor_url)
        url = boot(show(PAGE))["frames"][0]["url"]
        assert "&lic=active&" in url
        assert claims_of(url, app.secret)["context"]["license"] == {"active": True}


def test_a_dynamic_web_item_becomes_a_link_to_a_page(
    installed: FakeApp, show: Show, call: Post
) -> None:
    def item(key: str, **changes: Any) -> dict[str, Any]:
        name, location = {"value": f"Name of {key}"}, "system.header/left"
        return {"key": key, "name": name, "location": location, **changes}

    items = [
        item("app-page", url="/hello"),
        item("outside", url="https://example.com/x"),
        item("product", url="/spaces/DS", context="product"),
        item("wiki", url="/wiki/home", context="product"),
        item("no-url"),
        item("elsewhere", url="/y", location="system.content.action"),
    ]
    assert call("POST", MODULES, json={"webItems": items}).status_code == 200
    links = re.findall(
        r'<a href="([^"]*)" class="web-item"[^>]*data-module="[^"/]*/([^"]*)"',
        show("/wiki/").text,
    )
    address = f"/wiki/plugins/servlet/ac/{APP_KEY}/app-page"
    assert links == [
        (address, "app-page"),
        ("https://example.com/x", "outside"),
        ("/wiki/spaces/DS", "product"),
        ("/wiki/home", "wiki"),
    ]
    frame = boot(show(address))["frames"][0]
    assert frame["url"].startswith(f"{installed.base_url}/hello?xdm_e=")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/wiki/plugins/servlet/ac/nobody/main", "nobody is not installed here"),
        (f"/wiki/plugins/servlet/ac/{APP_KEY}/nothing", "has no module nothing"),
        (f"/wiki/plugins/servlet/ac/{APP_KEY}/macro", "which have no page"),
        ("/wiki/spaces/XX", "There is no such space"),
        ("/wiki/spaces/XX/pages/98421", "There is no such page"),
        ("/wiki/spaces/DS/pages/1", "There is no such page"),
        ("/wiki/people/nobody", "There is no such person"),
        ("/wiki/nothing", "not found"),
    ],
)
def test_a_missing_page_says_what_is_missing(
    installed: FakeApp, show: Show, path: str, says: str
) -> None:
    page = show(path)
    assert page.status_code == 404
    assert says in page.text


def test_a_disabled_or_uninstalled_app_says_so(
    installed: FakeApp, show: Show, desk: Post
) -> None:
    desk(f"apps/{APP_KEY}/disable")
    assert "installed, but disabled" in show(PAGE).text
    assert APP_KEY not in show("/wiki/").text
    desk(f"apps/{APP_KEY}/uninstall")
    assert "is not installed here" in show(PAGE).text


def test_settings_are_linked_for_the_administrator_only(
    installed: FakeApp, show: Show, desk: Post
) -> None:
    admin_page = f"/wiki/plugins/servlet/ac/{APP_KEY}/admin"
    assert admin_page in show("/wiki/admin").text
    assert 'href="/wiki/admin"' in show("/wiki/").text
    desk("user", user="user")
    assert show("/wiki/admin").status_code == 403
    assert 'href="/wiki/admin"' not in show("/wiki/").text
    # The app's own check must visibly work.
    assert show(admin_page).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/wiki",
        "/wiki/",
        "/wiki/home",
        "/wiki/spaces/DS",
        "/wiki/spaces/DS/pages/98421/Welcome",
        f"/wiki/people/{ADMINISTRATOR.account_id}",
        "/devhost",
        "/devhost/",
    ],
)
def test_the_pages_of_an_empty_site_are_shown(show: Show, path: str) -> None:
    page = show(path)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_another_loopback_name_redirects_to_the_site_address(
    confluence: LocalConfluence,
) -> None:
    url = f"http://127.0.0.1:{confluence.port}/wiki/home?a=%20"
    answer = requests.get(url, timeout=30, allow_redirects=False)
    assert answer.headers["Location"] == f"{confluence.base_url}/home?a=%20"


def test_the_forms_of_the_desk_do_what_they_say(
    confluence: LocalConfluence, app: FakeApp
) -> None:
    def submit(path: str, **form: str) -> requests.Response:
        url = f"{confluence.origin}/devhost/{path}"
        return requests.post(url, data=form, timeout=30)

    assert "Fake App" in submit("install", descriptorUrl=app.descriptor_url).text
    assert "disabled" in submit(f"apps/{APP_KEY}/disable").text
    assert "already disabled" in submit(f"apps/{APP_KEY}/disable").text
    refused = submit("install", descriptorUrl="x")
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert "Uma User" in submit("user", user="user", back="/wiki/spaces/DS").text
    assert submit("user", user="nobody").status_code == 400


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil", "https://evil", ""])
def test_switching_the_user_never_redirects_to_another_site(
    confluence: LocalConfluence, back: str
) -> None:
    answer = requests.post(
        f"{confluence.origin}/devhost/user",
        data={"user": "admin", "back": back},
        timeout=30,
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "/"


def test_the_desk_api_reports_apps_users_and_readiness(
    confluence: LocalConfluence, installed: FakeApp, show: Show, desk: Post
) -> None:
    (app,) = show("/devhost/api/apps").json()["apps"]
    assert (app["key"], app["state"]) == (APP_KEY, "enabled")
    assert app["page"] == confluence.origin + PAGE
    assert show("/devhost/api/user").json()["user"] == "admin"
    assert show("/devhost/api/ready").status_code == 503
    assert desk("user", user="nobody").status_code == 400
    assert desk("user", name="admin").status_code == 400
    broken = requests.post(f"{confluence.origin}/devhost/api/user", "{", timeout=30)
    assert broken.status_code == 400


# The endpoints that the page's script calls.


def test_a_context_token_carries_the_context_and_no_url(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    body = {"appKey": APP_KEY, "moduleKey": "macro", "contentId": "98421"}
    token = from_page(confluence, "context-token", body).json()["token"]
    claims = jwt.decode(token, installed.secret, algorithms=["HS256"])
    assert claims["qsh"] == "context-qsh"
    assert claims["sub"] == ADMINISTRATOR.account_id
    assert claims["context"]["confluence"]["content"]["id"] == "98421"
    assert "aud" not in claims


def test_a_fresh_iframe_url_is_returned(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    body = {"appKey": APP_KEY, "moduleKey": "main"}
    answer = from_page(confluence, "iframe", body).json()
    assert requests.get(answer["url"], timeout=30).status_code == 200
    assert answer["options"]["moduleType"] == "generalPages"


def test_the_script_calls_need_the_session_and_a_module(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    good = {"appKey": APP_KEY, "moduleKey": "main"}
    assert desk("context-token", **good).status_code == 403
    assert desk("iframe", **good).status_code == 403
    assert from_page(confluence, "iframe", []).status_code == 400
    for changes in ({"appKey": "nobody"}, {"moduleKey": "x"}, {"moduleKey": None}):
        assert from_page(confluence, "iframe", {**good, **changes}).status_code == 404
    headers = {"X-Devhost-Session": confluence.site.session_token}
    url = f"{confluence.origin}/devhost/api/iframe"
    assert requests.post(url, "{", headers=headers, timeout=30).status_code == 400


# The bridge's files.


def test_all_js_is_the_bridge_with_our_tail(
    confluence: LocalConfluence, show: Show
) -> None:
    answer = show("/wiki/atlassian-connect/all.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    root = f"{confluence.base_url}/atlassian-connect"
    assert f'var CDN_URL = "{root}";' in answer.text
    assert "AP.history.popState" in answer.text
    again = requests.get(
        f"{root}/all.js", headers={"If-None-Match": answer.headers["ETag"]}, timeout=30
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/wiki/atlassian-connect/themes/atlaskit-tokens_dark.css", 200),
        ("/wiki/atlassian-connect/surfaces.css", 200),
        ("/wiki/atlassian-connect/iframe.js", 404),
        ("/wiki/atlassian-connect/nothing.css", 404),
        ("/devhost/vendor/jquery.js", 200),
        ("/devhost/vendor/connect-host.js", 200),
        ("/devhost/static/host.js", 200),
        ("/devhost/static/nothing.js", 404),
    ],
)
def test_the_files_of_the_bridge_are_served(show: Show, path: str, status: int) -> None:
    assert show(path).status_code == status


def test_a_missing_bridge_says_what_to_run(
    installed: FakeApp,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.setattr(bridge, "BRIDGE", tmp_path)
    assert "install_bridge" in show("/wiki/atlassian-connect/all.js").text
    page = show(PAGE)
    assert "install_bridge" in boot(page)["missing"]
    assert "connect-host.js" not in page.text
