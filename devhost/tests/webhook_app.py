"""The fake app with webhooks, and helpers for tests of its deliveries."""

from typing import Any

from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.site.users import ORDINARY_USER
from devhost.webhooks import Delivery
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer
from devhost.wiki.editor import NewContent
from devhost.wiki.records import Content
from tests.fake_app import DESCRIPTOR, FakeApp, serve_app

PATIENCE = 30
HOME = "98421"


def hooks(*events: str, **more: Any) -> list[dict[str, Any]]:
    return [{"event": event, "url": f"/{event}", **more} for event in events]


def with_webhooks(*webhooks: dict[str, Any], **more: Any) -> dict[str, Any]:
    modules = {**DESCRIPTOR["modules"], "webhooks": list(webhooks)}
    return {"modules": modules, **more}


def install(confluence: LocalConfluence, app: FakeApp) -> FakeApp:
    lifecycle.install(confluence.site, app.descriptor_url)
    return app


def serve(
    confluence: LocalConfluence, *webhooks: Any, base_path: str = "", **more: Any
) -> FakeApp:
    descriptor = with_webhooks(*webhooks, **more)
    return serve_app(confluence, descriptor=descriptor, base_path=base_path)


def delivered(confluence: LocalConfluence) -> list[Delivery]:
    assert confluence.webhooks.wait_idle(PATIENCE)
    return confluence.webhooks.deliveries()


def writer(confluence: LocalConfluence) -> Viewer:
    return confluence.site.get(Wiki).viewer(ORDINARY_USER)


def add_page(
    confluence: LocalConfluence, title: str = "Told", type: str = "page"
) -> Content:
    wiki, who = confluence.site.get(Wiki), writer(confluence)
    home = wiki.contents.get(who, HOME)
    parent = home if type == "page" else None
    new = NewContent(type, home.space, title, "<p>Text</p>", parent=parent)
    return wiki.editor.create(who, new)
