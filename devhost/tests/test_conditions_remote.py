"""Remote conditions, which the app answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.modules.conditions.evaluate import conditions_hold
from devhost.modules.module import Module
from devhost.modules.places import Place
from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.users import ORDINARY_USER
from devhost.wiki import reading
from tests.fake_app import APP_KEY, FakeApp, serve_app

Post = Callable[..., requests.Response]


@pytest.fixture
def based_app(confluence: LocalConfluence, desk: Post) -> Iterator[FakeApp]:
    """An app whose base URL has a path."""
    with serve_app(confluence, base_path="/base") as app:
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
        yield app


def hold(confluence: LocalConfluence, path: str, **condition: Any) -> bool:
    """Evaluate a remote condition on page 98421."""
    site = confluence.site
    app = site.get(Installations).find_enabled(APP_KEY)
    assert app
    conditions = [{"condition": path, **condition}]
    module = Module(app, "webItems", {"key": "it", "conditions": conditions})
    place = Place(module, reading.find_content(site, "98421"))
    return conditions_hold(site, module, place)


def test_the_app_is_asked_with_a_signed_get(
    confluence: LocalConfluence, based_app: FakeApp
) -> None:
    confluence.site.switch_user(ORDINARY_USER)
    based_app.conditions["mine"] = ('{"shouldDisplay": true}', 200)
    assert hold(confluence, "/conditions/mine?page={content.id}&t={page.title}")
    (asked,) = based_app.asked
    assert asked["page"] == "98421"
    assert asked["t"]
    assert asked["xdm_e"] == confluence.origin
    assert (asked["cp"], asked["lic"]) == ("/wiki", "none")
    assert "jwt" not in asked
    claims = asked["claims"]
    assert claims["sub"] == ORDINARY_USER.account_id
    assert claims["context"]["confluence"]["content"]["id"] == "98421"
    exchange = confluence.exchanges.since(0)[-1]
    assert (exchange.kind, exchange.status) == ("condition", 200)
    assert exchange.path == "/conditions/mine"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"shouldDisplay": true}', True),
        ('{"shouldDisplay": true, "more": 1}', True),
        ('{"shouldDisplay": false}', False),
    ],
)
def test_the_apps_answer_decides(
    confluence: LocalConfluence,
    installed: FakeApp,
    caplog: pytest.LogCaptureFixture,
    body: str,
    expected: bool,
) -> None:
    installed.conditions["mine"] = (body, 200)
    assert hold(confluence, "/conditions/mine") is expected
    assert hold(confluence, "/conditions/mine", invert=True) is not expected
    assert "no answer" not in caplog.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"shouldDisplay": "true"}', 200),
        ('{"shouldDisplay": 1}', 200),
        ("{}", 200),
        ("[true]", 200),
        ("true", 200),
        ("<html>", 200),
        ('{"shouldDisplay": true}', 201),
        ('{"shouldDisplay": true}', 302),
        ('{"shouldDisplay": true}', 401),
        ('{"shouldDisplay": true}', 500),
    ],
)
def test_any_other_answer_means_no_and_is_logged(
    confluence: LocalConfluence,
    installed: FakeApp,
    caplog: pytest.LogCaptureFixture,
    body: str,
    status: int,
) -> None:
    installed.conditions["mine"] = (body, status)
    assert not hold(confluence, "/conditions/mine")
    assert f"no answer to a remote condition of {APP_KEY}: it is" in caplog.text


def test_an_app_that_is_gone_does_not_answer(
    confluence: LocalConfluence,
    app: FakeApp,
    desk: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serve_app(confluence) as gone:
        desk("install", descriptorUrl=gone.descriptor_url)
    assert not hold(confluence, "/conditions/mine")
    assert "remote condition of com.example.fake: ConnectionError" in caplog.text
