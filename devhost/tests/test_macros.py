"""Macros of apps in the bodies of pages, each in its own iframe."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.access_rules import AccessRule, AccessRules
from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit, NewContent
from tests.fake_app import APP_KEY, FakeApp, serve_app
from tests.macro_pages import PAGE, macro_xml, plain, write_page
from tests.pages import boot, claims_of, from_page

Desk = Callable[..., requests.Response]
URL = (
    "/m?page={page.id}&title={page.title}&space={space.key}&c={color}&n={nope}"
    "&id={macro.id}&hash={macro.hash}&body={macro.body}&cut={macro.truncated}"
    "&out={output.type}"
)
NAME = {"value": "Poll <1>"}
POLL: dict[str, Any] = {
    "key": "poll",
    "name": NAME,
    "url": URL,
    "bodyType": "plain-text",
    "width": "50%",
    "height": "80px",
    "aliases": ["old-poll"],
    "parameters": [
        {"identifier": "color", "name": NAME, "type": "string", "aliases": ["colour"]}
    ],
}
WORD = {"key": "word", "name": NAME, "url": "/w", "outputType": "INLINE"}


@pytest.fixture
def polls(confluence: LocalConfluence, desk: Desk) -> Iterator[FakeApp]:
    """The app with the macros ``poll`` and ``word``, installed."""
    modules = {"dynamicContentMacros": [POLL, WORD]}
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        desk("install", descriptorUrl=app.descriptor_url).raise_for_status()
        yield app


@pytest.fixture
def show(confluence: LocalConfluence) -> Callable[[str], requests.Response]:
    """Write a body into the page, and fetch the page."""

    def with_body(body: str) -> requests.Response:
        write_page(confluence, body)
        return requests.get(confluence.base_url + PAGE, timeout=30)

    return with_body


Show = Callable[[str], requests.Response]


def received(app: FakeApp, frame: dict[str, Any]) -> dict[str, Any]:
    assert requests.get(frame["url"], timeout=30).status_code == 200
    return app.pages[-1]


def test_a_macro_is_shown_in_its_place_with_what_was_saved(
    polls: FakeApp, show: Show
) -> None:
    body = macro_xml("poll", plain("a <b>"), color="deep &amp; blue")
    page = show(f"<p>before</p>{body}<p>after</p>")
    [frame] = boot(page)["frames"]
    target = '<span id="macro-0" class="frame macro-frame block" data-title="Poll'
    assert f"<p>before</p>{target} &lt;1&gt;" in page.text
    seen = received(polls, frame)
    told = {"page": "98421", "space": "DS", "c": "deep & blue", "n": "", "id": "m-1"}
    told |= {"title": "Welcome to the demonstration", "out": "display"}
    told |= {"body": "a <b>", "cut": "false"}
    assert told.items() <= seen.items()
    context = seen["claims"]["context"]["confluence"]
    assert context["macro"] == {
        "id": "m-1",
        "hash": seen["hash"],
        "outputType": "display",
    }
    options = frame["options"]
    assert options["macroParameters"] == {"color": "deep & blue"}
    assert options["macroBody"] == "a <b>"


def test_the_hash_changes_with_the_macro_only(polls: FakeApp, show: Show) -> None:
    def hash_of(body: str) -> Any:
        return received(polls, boot(show(body))["frames"][0])["hash"]

    red = hash_of(macro_xml("poll", color="red"))
    assert hash_of("<p>more</p>" + macro_xml("poll", color="red")) == red
    assert hash_of(macro_xml("poll", color="blue")) != red


@pytest.mark.parametrize(("length", "cut"), [(128, "false"), (129, "true")])
def test_a_long_body_is_cut_in_the_url(
    polls: FakeApp, show: Show, length: int, cut: str
) -> None:
    [frame] = boot(show(macro_xml("poll", plain("x" * length))))["frames"]
    seen = received(polls, frame)
    assert (len(seen["body"]), seen["cut"]) == (128, cut)
    assert len(frame["options"]["macroBody"]) == length


def test_a_parameter_can_give_the_size(polls: FakeApp, show: Show) -> None:
    [declared] = boot(show(macro_xml("poll")))["frames"]
    assert (declared["width"], declared["height"]) == ("50%", "80px")
    [saved] = boot(show(macro_xml("poll", width="200", height="x")))["frames"]
    assert (saved["width"], saved["height"]) == ("200px", "80px")


def test_an_inline_macro_stays_in_its_line(polls: FakeApp, show: Show) -> None:
    page = show(f"<p>a {macro_xml('word')} b</p>")
    assert '<p>a <span id="macro-0" class="frame macro-frame inline"' in page.text


def test_old_names_are_understood(polls: FakeApp, show: Show) -> None:
    [frame] = boot(show(macro_xml("old-poll", colour="red")))["frames"]
    assert frame["moduleKey"] == "poll"
    assert received(polls, frame)["c"] == "red"


def test_a_parameter_cannot_override_the_hosts(polls: FakeApp, show: Show) -> None:
    forged = {"macro.id": "forged", "space.key": "forged"}
    seen = received(polls, boot(show(macro_xml("poll", **forged)))["frames"][0])
    assert (seen["id"], seen["space"]) == ("m-1", "DS")


def test_a_macro_whose_app_is_gone_is_unknown(
    polls: FakeApp, show: Show, desk: Desk
) -> None:
    message = "Unknown macro: &#x27;poll&#x27;"
    assert message not in show(macro_xml("poll")).text
    desk(f"apps/{APP_KEY}/disable")
    page = show(macro_xml("poll"))
    assert message in page.text
    assert boot(page)["frames"] == []


def test_a_blocked_macro_says_so_and_is_not_loaded(
    confluence: LocalConfluence, polls: FakeApp, show: Show
) -> None:
    rules = confluence.site.get(AccessRules)
    rules.save(AccessRule(APP_KEY, space_ids=frozenset({"65538"})))
    page = show(macro_xml("poll"))
    assert "Poll &lt;1&gt; is blocked by a policy." in page.text
    assert boot(page)["frames"] == []
    rules.save(AccessRule(APP_KEY, space_ids=frozenset({"1"})))
    assert len(boot(show(macro_xml("poll")))["frames"]) == 1


def test_a_macro_in_a_comment_is_shown_and_gets_its_token(
    confluence: LocalConfluence, polls: FakeApp, show: Show
) -> None:
    page = write_page(confluence, "<p>No macro here.</p>")
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(confluence.site.user)
    body = macro_xml("poll", id="in-comment", color="red")
    comment = NewContent("comment", page.space, "Re:", body, container=page)
    wiki.editor.create(viewer, comment)
    [frame] = boot(show("<p>Still none.</p>"))["frames"]
    assert received(polls, frame)["c"] == "red"
    place = {"appKey": APP_KEY, "moduleKey": "poll", "contentId": "98421"}
    answer = from_page(confluence, "iframe", {**place, "macroId": "in-comment"})
    again = claims_of(answer.json()["url"], polls.secret)
    assert again["context"]["confluence"]["macro"]["id"] == "in-comment"
    stranger = from_page(confluence, "iframe", {**place, "macroId": "other"})
    claims = claims_of(stranger.json()["url"], polls.secret)
    assert "macro" not in claims["context"]["confluence"]


def try_macros(confluence: LocalConfluence, app_key: str) -> requests.Response:
    url = f"{confluence.origin}/devhost/macro-page"
    return requests.post(url, data={"app": app_key}, timeout=30)


def test_the_dashboard_links_to_a_page_with_every_macro(
    confluence: LocalConfluence, polls: FakeApp, desk: Desk
) -> None:
    home = requests.get(f"{confluence.base_url}/", timeout=30)
    assert f'name="app" value="{APP_KEY}">Try its macros</button>' in home.text
    page = try_macros(confluence, APP_KEY)
    frames = boot(page)["frames"]
    assert [frame["moduleKey"] for frame in frames] == ["poll", "word"]
    assert "/spaces/DS/pages/" in page.url
    # The second time it is the same page, for any user.
    desk("user", user="anonymous")
    assert try_macros(confluence, APP_KEY).url == page.url
    desk("user", user="user")
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(confluence.site.user)
    content = wiki.contents.get(viewer, page.url.rpartition("/")[2])
    assert content.version == 1
    # A macro that was removed comes back.
    wiki.editor.update(viewer, content, Edit(2, body=macro_xml("word")))
    frames = boot(try_macros(confluence, APP_KEY))["frames"]
    assert [frame["moduleKey"] for frame in frames] == ["word", "poll"]


def test_the_page_needs_a_permission_and_an_app(
    confluence: LocalConfluence, polls: FakeApp, desk: Desk
) -> None:
    assert try_macros(confluence, "nobody").status_code == 404
    desk("user", user="anonymous")
    refused = try_macros(confluence, APP_KEY)
    assert refused.status_code == 409
    assert "Switch to a user who may write" in refused.text
