"""The examples of docs/more-of-connect.md, on the local Confluence."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signed_client import SignedClient
from devhost.testing.wiki_pages import PAGE, macro_xml, write_page
from flask import Blueprint, Flask
from playwright.sync_api import Browser, expect

from app.config import ROOT
from app.connect.webhooks.archive import Filter
from app.connect.webhooks.wake_up import RUN
from tests.example import HOME, create_app

DOCUMENT = (ROOT / "docs" / "more-of-connect.md").read_text()
ADMINISTRATOR = "557058:devhost-administrator"


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found, language
    return found


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of the app under test, on the local Confluence."""
    return {**config, **connect_settings}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The modules, the templates and the script of the document."""
    descriptor = json.loads((HOME / "atlassian-connect.json").read_text())
    descriptor["modules"] = {}
    for block in blocks("json"):
        descriptor["modules"] |= json.loads(block)
    del descriptor["translations"]
    (tmp_path / "atlassian-connect.json").write_text(json.dumps(descriptor))
    templates, static = tmp_path / "templates", tmp_path / "static"
    templates.mkdir()
    (templates / "panel.html").write_text(*blocks("html"))
    (templates / "quote.xml").write_text(*blocks("xml"))
    static.mkdir()
    (static / "panel.js").write_text(*blocks("js")[:1])
    return tmp_path


@pytest.fixture
def author(home: Path, pages: Blueprint) -> Any:
    """The author of the document's code."""

    def create(config: dict[str, Any]) -> Flask:
        for block in blocks("python"):
            names = {"__name__": f"{__name__}.document"}
            exec(block, names)  # noqa: S102 - the document's own code
        return create_app(config, home=home, blueprint=pages)

    return SimpleNamespace(__name__=__name__, create_app=create)


def see(confluence: RecordingConfluence, path: str = "") -> str:
    answer = requests.get(confluence.base_url + path, timeout=30)
    assert answer.status_code == 200
    return answer.text


def test_the_cacheable_panel_gets_all_by_the_bridge(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
) -> None:
    assert f'"{installed_app.base_url}/panel"' in see(confluence, PAGE).replace(
        "&#34;", '"'
    )
    answer = requests.get(f"{installed_app.base_url}/panel", timeout=10)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert 'data-url="/api/panel"' in answer.text
    page = signed_client.with_context_jwt().on_content("98421")
    assert page.get("/api/panel").json == {"page": "98421"}


@pytest.mark.browser
def test_the_cacheable_panel_fills_itself(
    confluence: RecordingConfluence, installed_app: InstalledApp, browser: Browser
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(confluence.base_url + PAGE)
        panel = page.frame_locator(f'iframe[src="{installed_app.base_url}/panel"]')
        expect(panel.locator("#page")).to_have_text("98421")


def test_the_static_macros_stand_in_the_page(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    body = "<ac:plain-text-body><![CDATA[<b> & so]]></ac:plain-text-body>"
    write_page(
        confluence,
        macro_xml("quote", text="1 &lt; 2", by="A &amp; B")
        + macro_xml("box", body, id="m-2"),
    )
    shown = see(confluence, PAGE)
    assert "<blockquote><p>1 &lt; 2</p></blockquote><p>A &amp; B</p>" in shown
    assert "<p>&lt;b&gt; &amp; so</p>" in shown
    see(confluence, PAGE)
    confluence.sent("GET", "/macros/quote", status=200, times=1)
    confluence.sent("POST", "/macros/box", status=200, times=2)


def test_the_condition_hides_the_item_from_others(
    confluence: RecordingConfluence, installed_app: InstalledApp, as_user: Any
) -> None:
    assert "For the administrator" in see(confluence)
    with as_user("user"):
        assert "For the administrator" not in see(confluence)
    confluence.sent("GET", "/conditions/administrator", status=200)


def test_the_link_leads_to_the_page(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
) -> None:
    text = signed_client.get("/report?tab=").text
    first, _, link = text.partition(", and next ")
    assert (first, link.startswith(confluence.base_url)) == ("all", True)
    shown = see(confluence, link.removeprefix(confluence.base_url))
    found = re.search(r'"http[^"]*/report\?tab=[^"]*"', shown)
    assert found is not None
    iframe = requests.get(json.loads(found[0]), timeout=10)
    assert iframe.text.startswith("two & more, and next ")


def test_the_administrators_pages_are_shown(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
) -> None:
    assert signed_client.get("/welcome").text == "Welcome"
    assert signed_client.get("/configure").text == "Configure"
    assert signed_client.as_user("user").get("/configure").status_code == 403
    for key in ("configure", "welcome"):
        see(confluence, f"/plugins/servlet/ac/{installed_app.key}/{key}")


def test_a_dynamic_webhook_reaches_its_handler(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
) -> None:
    page = signed_client.with_context_jwt()
    assert page.as_user("user").put("/api/watch").status_code == 403
    assert page.put("/api/watch").status_code == 204
    confluence.webhooks.fire("page_updated")
    confluence.sent_event("page_updated", status=204)
    app = installed_app.app
    with app.app_context():
        [kept] = app.extensions["connect.webhooks"].archive.iterate(Filter())
        app.extensions["celery"].tasks[RUN](kept.id)
    confluence.received(
        "PUT", "/rest/atlassian-connect/1/addons/{app}/properties/updated", status=201
    )
