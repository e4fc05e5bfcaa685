"""Static macros: the host requests their output from the app, and shows it in place."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Response

from devhost.access_rules import AccessRule, AccessRules
from devhost.modules.macros import static_output
from devhost.modules.macros.static_macros import StaticMacros
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from tests.fake_app import APP_KEY
from tests.macro_pages import PAGE, macro_xml, plain, write_page
from tests.static_app import StaticApp, serve_static_app, static_macro

Desk = Callable[..., requests.Response]
QUERY = "p={page.id}&c={color}&b={macro.body}&cut={macro.truncated}&o={output.type}"
MACROS = [
    static_macro("quote", f"/output/quote?{QUERY}", bodyType="rich-text"),
    static_macro("chart", f"/output/chart?{QUERY}", renderingMethod="POST"),
    static_macro("word", outputType="inline"),
]


@pytest.fixture
def app(confluence: LocalConfluence, desk: Desk) -> Iterator[StaticApp]:
    """The app with the macros above, installed."""
    with serve_static_app(confluence, *MACROS) as running:
        desk("install", descriptorUrl=running.descriptor_url).raise_for_status()
        yield running


@pytest.fixture
def show(confluence: LocalConfluence) -> Callable[[str], str]:
    """Write a body into the page, and return the page as HTML."""

    def with_body(body: str) -> str:
        write_page(confluence, body)
        page = requests.get(confluence.base_url + PAGE, timeout=30)
        assert page.status_code == 200
        return page.text

    return with_body


Show = Callable[[str], str]


def test_the_answer_replaces_the_macro(app: StaticApp, show: Show) -> None:
    app.answer["quote"] = lambda: "<p>A &ouml; <strong>quote</strong></p>"
    app.answer["word"] = lambda: "<em>word</em>"
    html = show(f"<p>a</p>{macro_xml('quote')}<p>b {macro_xml('word', id='m-2')}</p>")
    output = '<div class="macro-output"><p>A ö <strong>quote</strong></p></div>'
    assert f"<p>a</p>{output}<p>b " in html
    assert '<p>b <span class="macro-output"><em>word</em></span></p>' in html


def test_a_get_is_signed_in_its_url(
    confluence: LocalConfluence, app: StaticApp, show: Show
) -> None:
    show(macro_xml("quote", plain("x" * 200), color="deep &amp; blue"))
    [asked] = app.asked
    assert (asked.method, asked.form) == ("GET", {})
    assert asked.query == {
        "p": "98421",
        "c": "deep & blue",
        "b": "x" * 128,
        "cut": "true",
        "o": "display",
        "xdm_e": confluence.origin,
        "cp": "/wiki",
        "lic": "none",
        "cv": asked.query["cv"],
    }
    assert asked.claims["sub"] == ADMINISTRATOR.account_id
    assert asked.claims["context"] == {}


def test_a_post_carries_everything_in_a_form(app: StaticApp, show: Show) -> None:
    show(macro_xml("chart", plain("x" * 200), color="a+b&amp;c", other="ö"))
    [asked] = app.asked
    assert (asked.method, asked.query) == ("POST", {})
    sent = {"p": "98421", "c": "a+b&c", "color": "a+b&c", "other": "ö"}
    sent |= {"b": "x" * 200, "cut": "false", "cp": "/wiki", "lic": "none"}
    assert sent.items() <= asked.form.items()


def test_an_anonymous_reader_has_no_sub(app: StaticApp, show: Show, desk: Desk) -> None:
    desk("user", user="anonymous")
    show(macro_xml("quote"))
    assert "sub" not in app.asked[0].claims


def test_the_inspector_sees_every_call(
    confluence: LocalConfluence, app: StaticApp, show: Show
) -> None:
    show(macro_xml("chart"))
    [seen] = confluence.exchanges.find(kind="static-macro")
    assert (seen.method, seen.path, seen.status) == ("POST", "/output/chart", 200)
    assert seen.app_key == APP_KEY
    assert seen.direction == "to-app"


@pytest.mark.parametrize(
    ("answer", "html"),
    [
        ("<script>alert(1)</script><p>a</p>", "<p>a</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<iframe src="https://evil.example/">a</iframe>', "a"),
        ('<a href="javascript:x()">a</a>', "<a>a</a>"),
    ],
)
def test_the_answer_is_sanitised(
    app: StaticApp, show: Show, answer: str, html: str
) -> None:
    app.answer["quote"] = lambda: answer
    assert f'<div class="macro-output">{html}</div>' in show(macro_xml("quote"))


FAILURES: list[Any] = [
    (lambda: Response("no", 500), "the app answered 500, not 200."),
    (lambda: Response("", 302, {"Location": "/x"}), "the app answered 302, not 200."),
    (lambda: "<p>not closed", "the app&#x27;s answer is not storage format"),
    (lambda: "<!doctype html><p>a</p>", "the app&#x27;s answer is not storage format"),
    (lambda: "x" * 2000, "the answer is larger than 1000 bytes."),
]


@pytest.mark.parametrize(("answer", "reason"), FAILURES)
def test_a_failure_is_shown_in_place(
    app: StaticApp,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[], Response],
    reason: str,
) -> None:
    monkeypatch.setattr(static_output, "MAX_BYTES", 1000)
    app.answer["quote"] = answer
    html = show(f"<p>before</p>{macro_xml('quote')}<p>after</p>")
    assert "<p>before</p><span class=" in html
    assert f"Error rendering macro &#x27;Macro quote&#x27;: {reason}" in html
    assert "<p>after</p>" in html


def test_a_missing_app_is_shown_in_place(app: StaticApp, show: Show) -> None:
    app._server.shutdown()
    app._server.server_close()
    assert "the app gave no answer." in show(macro_xml("quote"))


def test_macros_are_requested_concurrently(app: StaticApp, show: Show) -> None:
    both = threading.Barrier(2)

    def meet() -> str:
        # Breaks, and so fails, unless the other one is requested at the same time.
        return f"<p>met {both.wait(30) >= 0}</p>"

    app.answer = {"quote": meet, "chart": meet}
    html = show(macro_xml("quote") + macro_xml("chart", id="m-2"))
    assert html.count("<p>met True</p>") == 2


def test_a_page_does_not_wait_forever(
    app: StaticApp, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def hang() -> str:
        go_on.wait(30)
        return "<p>late</p>"

    monkeypatch.setattr(static_output, "AT_ONCE", 1)
    monkeypatch.setattr("devhost.modules.macros.rendering.PAGE_SECONDS", 0.3)
    app.answer["quote"] = hang
    try:
        html = show(macro_xml("quote") + macro_xml("chart", id="m-2"))
    finally:
        go_on.set()
    assert "the app did not answer in time." in html
    assert "the page stopped waiting for its macros." in html
    assert [asked.path for asked in app.asked] == ["quote"]


def test_an_answer_that_drips_is_cut_off(
    app: StaticApp, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def drip() -> Response:
        def drops() -> Iterator[bytes]:
            while not stop.wait(0.05):
                yield b"<p>a</p>"

        return Response(drops())

    monkeypatch.setattr("devhost.modules.macros.rendering.PAGE_SECONDS", 0.5)
    app.answer["quote"] = drip
    try:
        html = show(macro_xml("quote"))
    finally:
        stop.set()
    assert "the app did not answer in time." in html


def test_a_fresh_answer_is_used_again_for_the_same_person(
    confluence: LocalConfluence, app: StaticApp, show: Show, desk: Desk
) -> None:
    moment = 0.0
    confluence.site.get(StaticMacros).cache.now = lambda: moment
    headers = {"Cache-Control": "private, max-age=60"}
    app.answer["quote"] = lambda: Response(f"<p>{len(app.asked)}</p>", headers=headers)
    assert "<p>1</p>" in show(macro_xml("quote"))
    assert "<p>1</p>" in show("<p>x</p>" + macro_xml("quote"))
    assert "<p>2</p>" in show(macro_xml("quote", color="red"))
    desk("user", user="user")
    assert "<p>3</p>" in show(macro_xml("quote"))
    moment = 60.0
    assert "<p>4</p>" in show(macro_xml("quote"))


@pytest.mark.parametrize("macro", ["chart", "word"])
def test_posts_and_answers_without_max_age_are_not_cached(
    app: StaticApp, show: Show, macro: str
) -> None:
    headers = {"Cache-Control": "max-age=60"} if macro == "chart" else {}
    app.answer[macro] = lambda: Response("<p>a</p>", headers=headers)
    show(macro_xml(macro))
    show(macro_xml(macro))
    assert len(app.asked) == 2


def test_a_blocked_macro_is_not_requested(
    confluence: LocalConfluence, app: StaticApp, show: Show
) -> None:
    confluence.site.get(AccessRules).save(AccessRule(APP_KEY, everywhere=True))
    assert "Macro quote is blocked by a policy." in show(macro_xml("quote"))
    assert app.asked == []


def test_only_shown_macros_are_requested(app: StaticApp, show: Show) -> None:
    inner = macro_xml("word", id="inner")
    in_panel = f"<ac:rich-text-body>{inner}</ac:rich-text-body>"
    show(macro_xml("info", in_panel))
    assert [asked.path for asked in app.asked] == ["word"]
    show(macro_xml("quote", in_panel))
    assert [asked.path for asked in app.asked][1:] == ["quote"]


def test_output_can_contain_macros_up_to_a_depth(app: StaticApp, show: Show) -> None:
    app.answer["quote"] = lambda: macro_xml("word", id="in-output")
    assert '<span class="macro-output"><p>static</p></span>' in show(macro_xml("quote"))
    app.answer["quote"] = lambda: f"<p>again</p>{macro_xml('quote')}"
    html = show(macro_xml("quote"))
    assert html.count("<p>again</p>") == 3
    assert "macros are nested too deeply" in html
