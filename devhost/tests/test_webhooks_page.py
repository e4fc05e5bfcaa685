"""The webhooks page as JSON: deliveries, sending again, and firing by hand."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.site.app_data import DynamicModules
from devhost.site.users import ADMINISTRATOR
from tests.fake_app import APP_KEY, FakeApp
from tests.webhook_app import (
    HOME,
    PATIENCE,
    add_page,
    delivered,
    hooks,
    install,
    serve,
)


@pytest.fixture
def hooked(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve(confluence, *hooks("page_created", "comment_created")) as app:
        yield install(confluence, app)


def api(
    confluence: LocalConfluence, method: str, path: str = "", **options: Any
) -> requests.Response:
    url = f"{confluence.origin}/devhost/api/webhooks{path}"
    return requests.request(method, url, timeout=PATIENCE, **options)


def test_the_page_lists_the_subscriptions_of_the_apps(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    dynamic = {"event": "label_added", "url": "later", "key": "d", "filter": "x"}
    modules = {"webhooks": [{**dynamic, "excludeBody": True}]}
    confluence.site.get(DynamicModules).register(APP_KEY, modules)
    listed = api(confluence, "GET").json()
    first, *_, last = listed["webhooks"]
    assert (first["event"], first["url"]) == ("page_created", "/page_created")
    assert not first["isDynamic"]
    assert not first["remarks"]
    assert last["isDynamic"]
    assert last["excludeBody"]
    assert last["url"] == "/later"
    assert "ignored" in last["remarks"][0]
    assert {"name": "page_created", "isFiredHere": True} in listed["events"]
    url = f"{confluence.origin}/devhost/webhooks"
    page = requests.get(url, timeout=PATIENCE)
    assert page.status_code == 200
    assert "filter is not supported by Confluence" in page.text
    assert 'aria-current="page">Webhooks' in page.text


def test_deliveries_are_listed_shown_and_linked_to_the_inspector(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    add_page(confluence)
    delivered(confluence)
    listed = api(confluence, "GET", "/deliveries").json()
    (line,) = listed["deliveries"]
    assert (line["event"], line["status"]) == ("page_created", 204)
    assert "body" not in line
    shown = api(confluence, "GET", f"/deliveries/{line['id']}").json()
    assert "Told" in shown["body"]
    exchange = confluence.exchanges.find_by_id(shown["exchange"])
    assert exchange is not None
    assert exchange.kind == "webhook"
    signature = str(exchange.token).rpartition(".")[2]
    assert signature not in str(shown)


def test_polling_returns_what_changed(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    hooked.hanging = "page_created"
    add_page(confluence)
    before = api(confluence, "GET", "/deliveries").json()
    assert [line["outcome"] for line in before["deliveries"]] == ["waiting"]
    hooked.go_on.set()
    delivered(confluence)
    query = f"/deliveries?since={before['revision']}"
    after = api(confluence, "GET", query).json()
    assert [line["outcome"] for line in after["deliveries"]] == ["delivered"]
    query = f"/deliveries?since={after['revision']}"
    assert api(confluence, "GET", query).json()["deliveries"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=page_created", 1),
        ("event=page_moved", 0),
        (f"app={APP_KEY}", 2),
        ("app=other", 0),
        ("outcome=delivered", 2),
        ("outcome=failed", 0),
        ("after=1", 1),
    ],
)
def test_deliveries_are_filtered(
    confluence: LocalConfluence, hooked: FakeApp, query: str, found: int
) -> None:
    confluence.webhooks.fire("page_created")
    confluence.webhooks.fire("comment_created")
    delivered(confluence)
    listed = api(confluence, "GET", f"/deliveries?{query}").json()
    assert len(listed["deliveries"]) == found


def test_deliveries_are_forgotten(confluence: LocalConfluence, hooked: FakeApp) -> None:
    confluence.webhooks.fire("page_created")
    delivered(confluence)
    assert api(confluence, "DELETE", "/deliveries").status_code == 204
    assert confluence.webhooks.deliveries() == []
    assert api(confluence, "GET", "/deliveries/1").status_code == 404


def test_only_the_latest_deliveries_are_kept(
    confluence: LocalConfluence, hooked: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devhost.webhooks.deliveries.KEPT_DELIVERIES", 2)
    for _ in range(3):
        confluence.webhooks.fire("page_created")
    assert [one.id for one in delivered(confluence)] == [2, 3]


def test_a_delivery_is_sent_again(confluence: LocalConfluence, hooked: FakeApp) -> None:
    confluence.webhooks.fire("page_created")
    delivered(confluence)
    answer = api(confluence, "POST", "/deliveries/1/redeliver")
    assert answer.status_code == 202
    assert answer.json()["repeats"] == 1
    delivered(confluence)
    assert len(hooked.events("page_created")) == 2
    lifecycle.disable(confluence.site, APP_KEY)
    refused = api(confluence, "POST", "/deliveries/1/redeliver")
    assert refused.status_code == 409
    assert "not installed and enabled" in refused.json()["error"]


def test_an_example_uses_the_chosen_page_and_user(
    confluence: LocalConfluence,
) -> None:
    page = add_page(confluence)
    query = f"?content={page.id}&account={ADMINISTRATOR.account_id}"
    answer = api(confluence, "GET", f"/events/page_updated/example{query}").json()
    assert answer["body"]["page"]["title"] == "Told"
    assert answer["body"]["userAccountId"] == ADMINISTRATOR.account_id
    path = "/events/app_policy_changed/example"
    answer = api(confluence, "GET", path).json()
    assert answer["contentType"].startswith("application/cloudevents+json")


def test_an_edited_body_is_fired(confluence: LocalConfluence, hooked: FakeApp) -> None:
    asked = {
        "body": {"edited": True},
        "account": ADMINISTRATOR.account_id,
        "content": HOME,
        "app": APP_KEY,
    }
    answer = api(confluence, "POST", "/events/page_created", json=asked)
    assert answer.status_code == 202
    assert len(answer.json()["deliveries"]) == 1
    delivered(confluence)
    (told,) = hooked.events("page_created")
    assert told.body == {"edited": True}
    assert told.claims["sub"] == ADMINISTRATOR.account_id


@pytest.mark.parametrize(
    ("event", "options", "status", "says"),
    [
        ("page_created", {"data": "{"}, 400, "JSON object"),
        ("page_created", {"data": b"\xff"}, 400, "JSON object"),
        ("page_created", {"json": {"content": "1"}}, 404, "no page"),
        ("page_created", {"json": {"content": 1}}, 400, "content"),
        ("page_created", {"json": {"account": "nobody"}}, 400, "no user"),
        ("page_created", {"json": {"account": []}}, 400, "account"),
        ("page_created", {"json": {"app": {}}}, 400, "app"),
        ("page_created", {"json": {"app": "other"}}, 409, "other is not installed"),
        ("page_moved", {"json": {}}, 409, "modules.webhooks"),
        ("page_eaten", {"json": {}}, 409, "not an event"),
    ],
)
def test_an_event_that_cannot_be_fired_says_why(
    confluence: LocalConfluence,
    hooked: FakeApp,
    event: str,
    options: dict[str, Any],
    status: int,
    says: str,
) -> None:
    answer = api(confluence, "POST", f"/events/{event}", **options)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert confluence.webhooks.deliveries() == []


def test_the_assumptions_can_be_changed(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    assert api(confluence, "GET").json()["settings"] == {
        "retries": 0,
        "retrySeconds": 2,
        "numericIds": False,
        "eventInBody": False,
    }
    changes = {"numericIds": True, "eventInBody": True, "retries": 5}
    answer = api(confluence, "PUT", "/settings", json=changes).json()
    assert answer == {"retrySeconds": 2, **changes}
    page = add_page(confluence)
    (delivery,) = delivered(confluence)
    assert delivery.json["event"] == "page_created"
    assert delivery.json["page"]["id"] == page.number


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"retries": 6}, "retries"),
        ({"retries": 0.5}, "retries"),
        ({"retries": True}, "retries"),
        ({"retrySeconds": -1}, "retry_seconds"),
        ({"retrySeconds": "1"}, "retry_seconds"),
        ({"numericIds": 1}, "numeric_ids"),
        ({"moon": 1}, "there is only"),
    ],
)
def test_an_invalid_setting_is_refused(
    confluence: LocalConfluence, changes: dict[str, Any], says: str
) -> None:
    answer = api(confluence, "PUT", "/settings", json=changes)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert api(confluence, "GET").json()["settings"]["retries"] == 0
