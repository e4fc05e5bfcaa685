"""Macros of apps in the bodies that REST returns."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from tests.fake_app import FakeApp, sign
from tests.macro_pages import macro_xml, write_page
from tests.static_app import StaticApp, serve_static_app, static_macro

Desk = Callable[..., requests.Response]
CONTENT = "/rest/api/content/98421"
EMBEDDED = {"embeddedStaticContentMacro": {"url": "/output/export?o={output.type}"}}


@pytest.fixture
def app(confluence: LocalConfluence, desk: Desk) -> Iterator[StaticApp]:
    """An app with a static macro and two dynamic ones, installed."""
    running = serve_static_app(confluence, static_macro("quote"))
    running.descriptor["modules"]["dynamicContentMacros"] = [
        static_macro("poll", "/poll", renderModes={"pdf": EMBEDDED}),
        static_macro("bare", "/bare", outputType="inline"),
    ]
    with running:
        desk("install", descriptorUrl=running.descriptor_url).raise_for_status()
        yield running


@pytest.fixture
def get(
    confluence: LocalConfluence, app: FakeApp
) -> Callable[[str], requests.Response]:
    """Read a REST resource as the app."""

    def read(path: str) -> requests.Response:
        headers = {"Authorization": f"JWT {sign(app, 'GET', path)}"}
        return requests.get(confluence.base_url + path, headers=headers, timeout=30)

    return read


Get = Callable[[str], Any]


def view(get: Get, representation: str = "view") -> str:
    answer = get(f"{CONTENT}?expand=body.{representation}").json()
    return str(answer["body"][representation]["value"])


def test_a_static_macro_is_in_the_view_as_the_app_answers(
    confluence: LocalConfluence, app: StaticApp, get: Get
) -> None:
    write_page(confluence, macro_xml("quote"))
    output = '<div class="macro-output"><p>static</p></div>'
    assert view(get) == output
    # An app asks without a user.
    assert "sub" not in app.asked[0].claims
    answer = get("/api/v2/pages/98421?body-format=view").json()
    assert answer["body"]["view"]["value"] == output


def test_a_dynamic_macro_is_an_empty_container(
    confluence: LocalConfluence, app: StaticApp, get: Get
) -> None:
    body = "<ac:plain-text-body>b</ac:plain-text-body>"
    write_page(confluence, macro_xml("poll", body) + macro_xml("bare", id="m-2"))
    container = (
        '<span class="ap-container conf-macro output-{}" data-hasbody="{}"'
        ' data-macro-name="{}" data-macro-id="{}"></span>'
    )
    assert view(get) == (
        container.format("block", "true", "poll", "m-1")
        + container.format("inline", "false", "bare", "m-2")
    )
    assert app.asked == []


def test_an_export_has_the_output_of_the_render_mode(
    confluence: LocalConfluence, app: StaticApp, get: Get
) -> None:
    app.answer["export"] = lambda: "<p>exported</p>"
    write_page(confluence, macro_xml("poll") + macro_xml("bare", id="m-2"))
    html = view(get, "export_view")
    assert '<div class="macro-output"><p>exported</p></div>' in html
    assert "Macro bare has no output for export" in html
    assert app.asked[0].query["o"] == "html_export"


def test_an_app_cannot_wait_for_itself(
    confluence: LocalConfluence, app: StaticApp, get: Get
) -> None:
    inner = []

    def look_at_the_page() -> str:
        inner.append(view(get))
        return "<p>looked</p>"

    app.answer["quote"] = look_at_the_page
    write_page(confluence, macro_xml("quote"))
    assert "<p>looked</p>" in view(get)
    assert len(app.asked) == 1
    assert "the app requests this page while it renders the macro" in inner[0]


def test_the_body_of_a_macro_is_converted(
    confluence: LocalConfluence, app: StaticApp, get: Get
) -> None:
    body = f"<p>a {macro_xml('status', title='Done', id='inner')}</p>"
    write_page(
        confluence,
        macro_xml("quote", f"<ac:rich-text-body>{body}</ac:rich-text-body>"),
    )
    path = f"{CONTENT}/history/0/macro/id/m-1/convert"
    assert get(f"{path}/view").json() == {
        "value": '<p>a <span class="status status-grey">Done</span></p>',
        "representation": "view",
    }
    assert "ac:structured-macro" in get(f"{path}/storage").json()["value"]
    assert get(f"{path}/editor").status_code == 501
    missing = f"{CONTENT}/history/0/macro/id/m-9/convert/view"
    assert get(missing).status_code == 404
