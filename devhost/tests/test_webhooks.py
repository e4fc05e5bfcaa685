"""Webhooks: changes of the wiki reach the apps that subscribe to them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devhost import access_rules
from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.site.app_data import DynamicModules
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit
from tests.fake_app import APP_KEY, FakeApp, sign
from tests.webhook_app import (
    PATIENCE,
    add_page,
    delivered,
    hooks,
    install,
    serve,
    writer,
)


@pytest.fixture
def hooked(confluence: LocalConfluence) -> Iterator[FakeApp]:
    """The app, installed, with webhooks for pages."""
    webhooks = hooks("page_created", "page_updated", "page_trashed")
    with serve(confluence, *webhooks) as app:
        yield install(confluence, app)


def test_a_new_page_is_sent_with_a_token_for_this_request(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    page = add_page(confluence)
    (delivery,) = delivered(confluence)
    # The app has verified signature and hash.
    (told,) = hooked.events("page_created")
    assert told.claims["sub"] == ORDINARY_USER.account_id
    assert told.header["alg"] == "HS256"
    assert told.body["page"]["id"] == page.id
    assert told.body["userAccountId"] == ORDINARY_USER.account_id
    assert (delivery.outcome, delivery.status) == ("delivered", 204)
    assert delivery.json == told.body
    assert delivery.milliseconds is not None
    assert delivery.milliseconds > 0


def test_changes_are_sent_in_order(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    wiki, who = confluence.site.get(Wiki), writer(confluence)
    pages = [add_page(confluence, f"Page {number}") for number in range(5)]
    edited = wiki.editor.update(who, pages[0], Edit(2, body="<p>New</p>"))
    wiki.editor.trash(who, edited)
    assert len(delivered(confluence)) == 7
    told = hooked.events("page_created", "page_updated", "page_trashed")
    titles = [one.body["page"]["title"] for one in told[:5]]
    assert titles == [page.title for page in pages]
    assert [one.event for one in told[5:]] == ["page_updated", "page_trashed"]
    assert told[5].body["updateTrigger"] == "edit_page"
    assert told[5].body["page"]["version"] == 2


def test_a_change_made_by_rest_is_sent(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    body = {
        "type": "page",
        "title": "By REST",
        "space": {"key": "DS"},
        "body": {"storage": {"value": "<p>x</p>", "representation": "storage"}},
    }
    hooked.descriptor["scopes"] = ["WRITE"]
    lifecycle.reinstall(confluence.site, APP_KEY)
    token = sign(hooked, "POST", "/rest/api/content")
    answer = requests.post(
        f"{confluence.base_url}/rest/api/content",
        json=body,
        headers={"Authorization": f"JWT {token}"},
        timeout=10,
    )
    assert answer.status_code == 200
    (delivery,) = delivered(confluence)
    # Apps are also told about their own changes.
    assert delivery.json["accountType"] == "app"
    assert delivery.json["page"]["id"] == answer.json()["id"]


def test_a_request_is_not_delayed_by_an_app_that_hangs(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    hooked.hanging = "page_created"
    add_page(confluence)
    (delivery,) = confluence.webhooks.deliveries()
    assert delivery.outcome == "waiting"
    hooked.go_on.set()
    (delivery,) = delivered(confluence)
    assert delivery.outcome == "delivered"


def test_one_app_does_not_wait_for_another(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    other = {"key": "com.example.other"}
    with serve(confluence, *hooks("page_created"), **other) as quick:
        install(confluence, quick)
        hooked.hanging = "page_created"
        add_page(confluence)
        sent = confluence.exchanges.wait_for(
            "POST", "/page_created", seconds=PATIENCE, app_key="com.example.other"
        )
        assert sent is not None
        assert len(confluence.webhooks.deliveries(app_key=APP_KEY)) == 1
        assert not hooked.events("page_created")
        hooked.go_on.set()
        assert len(delivered(confluence)) == 2


@pytest.mark.parametrize("state", ["disabled", "uninstalled"])
def test_an_app_that_is_not_enabled_is_sent_nothing(
    confluence: LocalConfluence, hooked: FakeApp, state: str
) -> None:
    act = lifecycle.disable if state == "disabled" else lifecycle.uninstall
    act(confluence.site, APP_KEY)
    add_page(confluence)
    assert delivered(confluence) == []


def test_waiting_deliveries_are_not_sent_to_a_disabled_app(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    hooked.hanging = "page_created"
    add_page(confluence, "First")
    add_page(confluence, "Second")
    assert hooked.arrived.wait(PATIENCE)
    lifecycle.disable(confluence.site, APP_KEY)
    hooked.go_on.set()
    first, second = delivered(confluence)
    assert first.outcome != "not-sent"
    assert second.outcome == "not-sent"
    assert "not installed and enabled" in second.failure


def test_a_dynamic_webhook_is_called_too(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    dynamic = {"webhooks": [{"event": "page_created", "url": "/later", "key": "d"}]}
    confluence.site.get(DynamicModules).register(APP_KEY, dynamic)
    add_page(confluence)
    assert len(delivered(confluence)) == 2
    assert len(hooked.events("page_created")) == len(hooked.events("later")) == 1
    declared = [each.is_dynamic for each in confluence.webhooks.subscriptions()]
    assert declared == [False, False, False, True]


def test_a_new_secret_signs_later_deliveries(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    lifecycle.reinstall(confluence.site, APP_KEY)
    add_page(confluence)
    (delivery,) = delivered(confluence)
    assert delivery.outcome == "delivered"


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "delivered"), (404, "refused"), (503, "refused")]
)
def test_the_apps_answer_is_stored_and_not_retried(
    confluence: LocalConfluence, hooked: FakeApp, status: int, outcome: str
) -> None:
    hooked.answers["page_created"] = status
    add_page(confluence)
    (delivery,) = delivered(confluence)
    assert (delivery.outcome, delivery.status) == (outcome, status)
    headers = dict(delivery.request_headers)
    assert headers["Content-Type"] == "application/json"
    sent = confluence.exchanges.find(kind="webhook")[-1]
    assert sent.token is not None
    assert sent.token.rpartition(".")[2] not in headers["Authorization"]
    assert sent.notes == {"webhook": "page_created", "delivery": f"#{delivery.id}"}


def test_an_unreachable_app_is_distinguished_from_a_refusing_one(
    confluence: LocalConfluence,
) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
    add_page(confluence)
    (delivery,) = delivered(confluence)
    assert (delivery.outcome, delivery.failure) == ("failed", "no connection")


def test_an_event_can_be_announced_to_one_app(
    confluence: LocalConfluence,
) -> None:
    event = "app_access_to_objects_blocked"
    with serve(confluence, *hooks(event)) as app:
        install(confluence, app)
        body: dict[str, Any] = {"specversion": "1.0", "data": {"objects": []}}
        announce = confluence.webhooks.announce
        assert announce(event, body, None, app_key="com.example.other") == []
        assert len(announce(event, body, None, app_key=APP_KEY)) == 1
        (delivery,) = delivered(confluence)
        (told,) = app.events(event)
    assert told.body == body
    assert "sub" not in told.claims
    sent = dict(delivery.request_headers)["Content-Type"]
    assert sent == "application/cloudevents+json; charset=UTF-8"


def test_a_rule_is_sent_and_blocked_contents_are_not(
    confluence: LocalConfluence,
) -> None:
    lost = hooks("app_policy_changed", "app_access_to_objects_in_container_blocked")
    with serve(confluence, *lost, *hooks("page_created", "space_updated")) as app:
        install(confluence, app)
        space = add_page(confluence, "Seen").space
        access_rules.block(confluence.site, APP_KEY, space.key)
        add_page(confluence, "Unseen")
        who = confluence.site.get(Wiki).viewer(ADMINISTRATOR)
        confluence.site.get(Wiki).spaces.update(who, space, name="Renamed")
        told = [delivery.event for delivery in delivered(confluence)]
        (body,) = [one.body for one in app.events(lost[1]["event"])]
    assert told == ["page_created", *[one["event"] for one in lost], "space_updated"]
    assert body["data"]["container"]["id"] == space.id
