"""Modules with values that no schema allows; no page of the host breaks."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from tests.bridge_app import serve_bridge_app
from tests.module_app import MODULE_KEY, item, named

Post = Callable[..., requests.Response]
ODD: tuple[Any, ...] = (None, 7, True, "odd", [], ["odd"], {}, {"odd": [1]})
PARTS = {
    "webItems": "icon tooltip target weight styleClasses context params",
    "webPanels": "layout tooltip weight",
    "webSections": "weight tooltip",
    "contentBylineItems": "icon tooltip target contentPropertyKey",
    "dialogs": "options",
    "keyboardShortcuts": "shortcut target",
    "customContent": "uiSupport apiSupport",
    "confluenceContentProperties": "keyConfigurations",
    "blueprints": "template createResult icon description",
}
LOCATIONS = {"webPanels": "atl.general"}


def odd_modules(value: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        kind: [
            {
                **item(f"{kind}-{part}", LOCATIONS.get(kind, "system.content.action")),
                "template": {"url": "/x"},
                part: value,
            }
            for part in parts.split()
        ]
        for kind, parts in PARTS.items()
    }


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values_do_not_break_any_page(
    confluence: LocalConfluence, desk: Post, value: Any
) -> None:
    with serve_bridge_app(confluence, MODULE_KEY, **odd_modules(value)) as app:
        answer = desk("install", descriptorUrl=app.descriptor_url)
        assert answer.status_code == 200, answer.text
        for path in (
            "/wiki/",
            "/wiki/spaces/DS/pages/98421",
            "/wiki/spaces/DS/create",
            "/wiki/spaces/viewspacesummary.action?key=DS",
            "/wiki/admin",
            "/devhost/",
        ):
            page = requests.get(confluence.origin + path, timeout=10)
            assert page.status_code == 200, path


def test_an_unsafe_address_is_not_a_link(
    confluence: LocalConfluence, desk: Post
) -> None:
    item = named("bad", location="system.header/left", url="javascript:alert(1)")
    with serve_bridge_app(confluence, MODULE_KEY, webItems=[item]) as app:
        answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == 400
    assert "must be relative to baseUrl" in answer.json()["error"]
