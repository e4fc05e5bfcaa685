"""Endpoints of the editor's script: the macro browser, macros, their editors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.access_rules import AccessRule, AccessRules
from devhost.server import LocalConfluence
from devhost.wiki.storage_format import macros
from tests.fake_app import APP_KEY, FakeApp, serve_app
from tests.macro_pages import macro_xml
from tests.pages import boot, claims_of, from_page

Desk = Callable[..., requests.Response]
NAME = {"value": "Poll"}
POLL: dict[str, Any] = {
    "key": "poll",
    "name": NAME,
    "description": {"value": "Asks."},
    "url": "/poll",
    "bodyType": "plain-text",
    "categories": ["reporting"],
    "icon": {"url": "/poll.png", "width": 16, "height": 16},
    "imagePlaceholder": {"url": "https://pictures.example/p.png"},
    "editor": {
        "url": "/edit?c={color}&b={macro.body}&s={space.key}",
        "editTitle": {"value": "Change it"},
        "width": "500",
        "height": "50%",
    },
    "autoconvert": {
        "urlParameter": "link",
        "matchers": [{"pattern": "https://polls.example/{}"}],
    },
    "parameters": [
        {"identifier": "color", "name": NAME, "type": "ENUM", "values": ["red"]},
        {"identifier": "no-name", "type": "string", "hidden": True},
        {"name": NAME},
        "nonsense",
    ],
}
FIRST = {"key": "first", "name": {"value": "Z"}, "url": "/z", "featured": True}
STATIC = {"key": "quiet", "name": {"value": "Quiet"}, "url": "/q", "hidden": True}


@pytest.fixture
def app(confluence: LocalConfluence, desk: Desk) -> Iterator[FakeApp]:
    """The app with the macros above, installed."""
    modules = {"dynamicContentMacros": [POLL, FIRST], "staticContentMacros": [STATIC]}
    with serve_app(confluence, descriptor={"modules": modules}) as running:
        desk("install", descriptorUrl=running.descriptor_url).raise_for_status()
        yield running


@pytest.fixture
def ask(confluence: LocalConfluence, app: FakeApp) -> Callable[..., requests.Response]:
    """Call an endpoint as the page's script does."""

    def post(path: str, **body: Any) -> requests.Response:
        return from_page(confluence, path, body)

    return post


Ask = Callable[..., requests.Response]


def test_the_browser_offers_every_macro_featured_ones_first(
    confluence: LocalConfluence, app: FakeApp
) -> None:
    page = requests.get(f"{confluence.base_url}/spaces/DS/pages/create", timeout=30)
    first, poll, quiet = boot(page)["macros"]
    assert [first["name"], quiet["name"]] == ["first", "quiet"]
    assert (quiet["isStatic"], quiet["isHidden"]) == (True, True)
    assert poll == {
        "appKey": APP_KEY,
        "appName": "Fake App",
        "name": "poll",
        "title": "Poll",
        "description": "Asks.",
        "icon": {"url": f"{app.base_url}/poll.png", "width": 16, "height": 16},
        "placeholder": {"url": "https://pictures.example/p.png"},
        "categories": ["reporting"],
        "isFeatured": False,
        "isHidden": False,
        "isStatic": False,
        "bodyType": "plain-text",
        "parameters": poll["parameters"],
        "editor": {
            "insertTitle": "Insert Poll",
            "editTitle": "Change it",
            "width": "500px",
            "height": "50%",
        },
    }
    color, hidden = poll["parameters"]
    assert (color["type"], color["values"]) == ("enum", ["red"])
    assert (hidden["name"], hidden["isHidden"]) == ("no-name", True)


def test_the_macros_of_a_text_are_listed(ask: Ask) -> None:
    storage = macro_xml("poll", color="red") + macro_xml("toc", id="m-2")
    poll, toc = ask("editor/macros", storage=storage).json()["macros"]
    assert (poll["index"], poll["parameters"]) == (0, {"color": "red"})
    assert poll["definition"]["title"] == "Poll"
    assert (toc["name"], toc["definition"]) == ("toc", None)
    broken = ask("editor/macros", storage="<p>")
    assert broken.status_code == 400
    assert "Error parsing xhtml" in broken.json()["error"]


def test_a_macro_is_written(ask: Ask) -> None:
    parameters = {"color": "red & <b>", "on": True, "many": ["a", "b"], "none": None}
    answer = ask("editor/macro", name="poll", parameters=parameters, body="a ]]> b")
    [macro] = macros(answer.json()["macro"])
    assert macro.parameters == {"color": "red & <b>", "on": "true", "many": "a,b"}
    assert (macro.body, macro.body_type) == ("a ]]> b", "plain-text")


def test_a_macro_is_changed_in_its_place_and_keeps_its_id(ask: Ask) -> None:
    storage = f"<p>a {macro_xml('poll', id='keep')} b</p>"
    change = {"name": "poll", "parameters": {"color": "red"}, "index": 0}
    answer = ask("editor/macro", storage=storage, **change).json()["storage"]
    [macro] = macros(answer)
    assert (macro.id, macro.parameters) == ("keep", {"color": "red"})
    assert answer.startswith("<p>a <ac:structured-macro")
    assert answer.endswith("</ac:structured-macro> b</p>")
    removed = ask("editor/remove-macro", storage=storage, index=0).json()
    assert removed == {"storage": "<p>a  b</p>"}


@pytest.mark.parametrize("index", [1, -1, "0", None, True, 1.0])
def test_an_invalid_macro_index_is_refused(ask: Ask, index: Any) -> None:
    body = {"name": "poll", "storage": macro_xml("poll"), "index": index}
    assert ask("editor/macro", **body).status_code == 400
    assert ask("editor/remove-macro", **body).status_code == 400


def test_an_unknown_macro_is_not_written(ask: Ask) -> None:
    assert ask("editor/macro", name="nothing").status_code == 404
    assert ask("editor/macro", name=["poll"]).status_code == 404
    assert ask("editor/macro", name="poll", parameters=7).status_code == 200


def test_a_pasted_address_becomes_the_matching_macro(ask: Ask) -> None:
    url = "https://polls.example/7?a=1&b=2"
    [macro] = macros(ask("editor/convert-url", url=url).json()["macro"])
    assert (macro.name, macro.parameters) == ("poll", {"link": url})
    other = ask("editor/convert-url", url="https://other.example/7")
    assert other.json() == {"macro": None}


def test_the_apps_own_editor_gets_the_macro(app: FakeApp, ask: Ask) -> None:
    macro = {"name": "poll", "id": "m-7", "parameters": {"color": "a&b"}, "body": "x"}
    answer = ask("macro-editor", contentId="98421", macro=macro).json()
    assert answer["url"].startswith(f"{app.base_url}/edit?c=a%26b&b=x&s=DS&xdm_e=")
    # The app checks the hash of what it receives.
    assert requests.get(answer["url"], timeout=30).status_code == 200
    context = claims_of(answer["url"], app.secret)["context"]["confluence"]
    assert context["macro"]["id"] == "m-7"
    assert context["content"]["id"] == "98421"
    options = answer["options"]
    assert options["macroEditor"] == {"macro": macro}
    assert options["macroParameters"] == {"color": "a&b"}
    assert options["macroBody"] == "x"


def test_an_editor_of_a_new_page_knows_the_space(app: FakeApp, ask: Ask) -> None:
    answer = ask("macro-editor", spaceKey="DS", macro={"name": "poll"}).json()
    assert "&s=DS&" in answer["url"]


def test_there_is_no_editor_without_a_declaration_or_behind_a_policy(
    confluence: LocalConfluence, ask: Ask
) -> None:
    assert ask("macro-editor", macro={"name": "first"}).status_code == 404
    assert ask("macro-editor", macro={"name": "nothing"}).status_code == 404
    assert ask("macro-editor", macro=7).status_code == 404
    good = {"contentId": "98421", "macro": {"name": "poll"}}
    assert ask("macro-editor", **good).status_code == 200
    confluence.site.get(AccessRules).save(AccessRule(APP_KEY, everywhere=True))
    assert ask("macro-editor", **good).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "editor/macros",
        "editor/macro",
        "editor/remove-macro",
        "editor/convert-url",
        "macro-editor",
    ],
)
def test_only_our_own_page_can_call(app: FakeApp, desk: Desk, path: str) -> None:
    answer = desk(path, name="poll", storage="", url="", macro={"name": "poll"})
    assert answer.status_code == 403
