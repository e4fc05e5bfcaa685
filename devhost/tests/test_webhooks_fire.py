"""Firing events by hand, and sending deliveries again."""

import pytest

from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.webhooks import WebhookError
from devhost.webhooks.events import CATALOGUE, EVENTS
from devhost.wiki import Wiki
from tests.fake_app import APP_KEY
from tests.webhook_app import (
    add_page,
    delivered,
    hooks,
    install,
    serve,
    writer,
)


def test_every_event_is_listed_once() -> None:
    assert len(EVENTS) == len(CATALOGUE)
    assert {"page_created", "app_policy_changed", "search_performed"} <= set(EVENTS)


@pytest.mark.parametrize("type", ["page", "blogpost"])
def test_every_event_has_an_example(confluence: LocalConfluence, type: str) -> None:
    page = add_page(confluence, type=type)
    for event in EVENTS:
        body = confluence.webhooks.example(event, page, "557058:somebody")
        assert body == {} if event.startswith("connect_addon") else body, event
    wiki = confluence.site.get(Wiki)
    moved = confluence.webhooks.example("page_moved")
    assert wiki.contents.find(writer(confluence), moved["newParent"]["idAsString"])


def test_an_event_is_fired_with_the_example_of_a_page(
    confluence: LocalConfluence,
) -> None:
    page = add_page(confluence)
    with serve(confluence, *hooks("page_archived")) as app:
        install(confluence, app)
        (fired,) = confluence.webhooks.fire("page_archived", content=page)
        delivered(confluence)
        (told,) = app.events("page_archived")
    assert told.body["page"]["title"] == "Told"
    assert fired.json == told.body


def test_an_event_is_fired_with_the_body_that_is_given(
    confluence: LocalConfluence,
) -> None:
    with serve(confluence, *hooks("user_removed")) as app:
        install(confluence, app)
        body = {"anything": [1, "é"]}
        confluence.webhooks.fire("user_removed", body, account_id="557058:x")
        delivered(confluence)
        (told,) = app.events("user_removed")
    assert told.body == body
    assert told.claims["sub"] == "557058:x"


def test_an_event_without_a_subscriber_says_what_to_write(
    confluence: LocalConfluence,
) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        with pytest.raises(WebhookError, match="modules.webhooks"):
            confluence.webhooks.fire("page_copied")
        with pytest.raises(WebhookError, match="not an event of Confluence"):
            confluence.webhooks.fire("page_eaten")
        with pytest.raises(WebhookError, match="com.example.other is not installed"):
            confluence.webhooks.fire("page_created", app_key="com.example.other")
    assert confluence.webhooks.deliveries() == []


def test_a_redelivery_has_a_fresh_token(
    confluence: LocalConfluence,
) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        app.answers["page_created"] = 500
        add_page(confluence)
        (first,) = delivered(confluence)
        lifecycle.reinstall(confluence.site, APP_KEY)
        app.answers.clear()
        again = confluence.webhooks.redeliver(first.id)
        assert again.repeats == first.id
        kept, repeated = delivered(confluence)
        one, other = app.events("page_created")
    assert (kept.outcome, repeated.outcome) == ("refused", "delivered")
    assert one.body == other.body


def test_an_impossible_redelivery_says_why(confluence: LocalConfluence) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        add_page(confluence)
        (delivery,) = delivered(confluence)
        lifecycle.uninstall(confluence.site, APP_KEY)
    with pytest.raises(WebhookError, match="no delivery #999"):
        confluence.webhooks.redeliver(999)
    with pytest.raises(WebhookError, match="not installed and enabled"):
        confluence.webhooks.redeliver(delivery.id)


def test_half_a_character_in_a_body_is_sent(confluence: LocalConfluence) -> None:
    with serve(confluence, *hooks("user_removed")) as app:
        install(confluence, app)
        confluence.webhooks.fire("user_removed", {"name": "\ud800"})
        (delivery,) = delivered(confluence)
        (told,) = app.events("user_removed")
    assert delivery.outcome == "delivered"
    assert told.body == {"name": "\ud800"}


def test_an_invalid_url_is_reported(
    confluence: LocalConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "devhost.webhooks.dispatch.target_url"
    monkeypatch.setattr(path, lambda *_: "http://[half/hook")
    with serve(confluence, *hooks("user_removed")) as app:
        install(confluence, app)
        confluence.webhooks.fire("user_removed")
        (delivery,) = delivered(confluence)
    assert delivery.outcome == "not-sent"
    assert "cannot be sent" in delivery.failure
