"""Webhook modules: how the declaration affects the delivery."""

from typing import Any

import pytest

from devhost.install.license import Licenses
from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from tests.fake_app import APP_KEY
from tests.webhook_app import add_page, delivered, install, serve, writer


def told(
    confluence: LocalConfluence, webhook: dict[str, Any], **more: Any
) -> list[dict[str, Any]]:
    """Return the deliveries of a new page to an app with this webhook."""
    declared = {"event": "page_created", "url": "/hook", **webhook}
    with serve(confluence, declared, **more) as app:
        install(confluence, app)
        add_page(confluence, "A & b")
        found = delivered(confluence)
    return [{"url": one.url.partition("/hook")[2], "body": one.body} for one in found]


def test_the_url_is_filled_in_and_has_the_license(confluence: LocalConfluence) -> None:
    url = "/hook?page={page.id}&title={page.title}&in={space.key}&none={macro.id}"
    (one,) = told(confluence, {"url": url})
    page = confluence.webhooks.deliveries()[0].json["page"]["id"]
    query = f"?page={page}&title=A%20%26%20b&in=DS&none=&lic=none"
    assert one["url"] == query


def test_an_active_license_is_in_the_url(confluence: LocalConfluence) -> None:
    confluence.site.get(Licenses).switch(APP_KEY, "active")
    (one,) = told(confluence, {})
    assert one["url"] == "?lic=active"


def test_a_webhook_without_a_body(confluence: LocalConfluence) -> None:
    (one,) = told(confluence, {"excludeBody": True})
    assert one["body"] is None
    (sent,) = confluence.exchanges.find(kind="webhook")
    assert sent.request_body == b""
    assert sent.header("Content-Type") is None


@pytest.mark.parametrize(
    ("scopes", "count"),
    [
        pytest.param(["READ"], 1, id="read"),
        pytest.param(["admin"], 1, id="implied"),
        pytest.param(["ACT_AS_USER"], 0, id="implies-nothing"),
        pytest.param([], 0, id="none"),
    ],
)
def test_webhooks_need_the_read_scope(
    confluence: LocalConfluence, scopes: list[str], count: int
) -> None:
    assert len(told(confluence, {}, scopes=scopes)) == count
    (declared,) = confluence.webhooks.subscriptions()
    assert bool(declared.remarks) is (count == 0)


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        pytest.param([{"condition": "user_is_logged_in"}], 1, id="holds"),
        pytest.param(
            [{"condition": "user_is_logged_in", "invert": True}], 0, id="fails"
        ),
        pytest.param([{"condition": "has_page"}], 1, id="of-the-page"),
        pytest.param([{"condition": "has_blog_post"}], 0, id="of-another"),
    ],
)
def test_the_conditions_of_a_webhook_are_evaluated(
    confluence: LocalConfluence, conditions: list[dict[str, Any]], count: int
) -> None:
    assert len(told(confluence, {"conditions": conditions})) == count


@pytest.mark.parametrize(
    ("keys", "count"), [(None, 1), (["other", "wanted"], 1), (["other"], 0), ([], 1)]
)
def test_property_keys_narrow_the_changes_of_properties(
    confluence: LocalConfluence, keys: list[str] | None, count: int
) -> None:
    declared = {"event": "content_created", "url": "/hook"}
    more = {} if keys is None else {"propertyKeys": keys}
    with serve(confluence, {**declared, **more}) as app:
        install(confluence, app)
        page, who = add_page(confluence), writer(confluence)
        confluence.site.get(Wiki).properties.create(who, page, "wanted", 1)
        assert len(delivered(confluence)) == count


def test_a_filter_is_ignored(confluence: LocalConfluence) -> None:
    assert len(told(confluence, {"filter": "space = NOPE"})) == 1


def test_the_base_path_of_an_app_is_kept(confluence: LocalConfluence) -> None:
    (one,) = told(confluence, {"url": "hook"}, base_path="/deep")
    (sent,) = confluence.exchanges.find("POST", "/hook", kind="webhook")
    assert sent.status == 204
    assert one["url"] == "?lic=none"
