"""Webhook faults: lost, repeated, late or out of order, while switched on."""

from collections.abc import Iterator

import pytest
import requests

from devhost.server import LocalConfluence
from tests.fake_app import FakeApp
from tests.webhook_app import (
    PATIENCE,
    add_page,
    delivered,
    hooks,
    install,
    serve,
)


@pytest.fixture
def hooked(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve(confluence, *hooks("page_created", "page_viewed")) as app:
        yield install(confluence, app)


def titles(app: FakeApp) -> list[str]:
    return [one.body["page"]["title"] for one in app.events("page_created")]


def test_a_lost_webhook_is_not_sent(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_lost(times=1):
        add_page(confluence, "Lost")
        add_page(confluence, "Kept")
    lost, kept = delivered(confluence)
    assert (lost.outcome, lost.failure) == ("not-sent", "lost on purpose")
    assert lost.note == "Webhook lost"
    assert kept.outcome == "delivered"
    assert titles(hooked) == ["Kept"]
    confluence.webhooks.redeliver(lost.id)
    delivered(confluence)
    assert titles(hooked) == ["Kept", "Lost"]


def test_a_webhook_comes_twice(confluence: LocalConfluence, hooked: FakeApp) -> None:
    with confluence.faults.webhook_twice():
        add_page(confluence)
    first, second = delivered(confluence)
    assert second.repeats == first.id
    one, other = hooked.events("page_created")
    assert one.body == other.body


def test_a_late_webhook_is_overtaken_by_the_next_one(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_late(seconds=60, times=1):
        add_page(confluence, "Late")
    add_page(confluence, "Quick")
    sent = confluence.exchanges.wait_for("POST", "/page_created", seconds=PATIENCE)
    assert sent is not None
    assert sent.json["page"]["title"] == "Quick"
    # Not awaited here: stopping the host discards it.
    assert not confluence.webhooks.wait_idle(0)


def test_a_late_webhook_is_still_delivered(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_late(seconds=0.1):
        add_page(confluence)
    (delivery,) = delivered(confluence)
    assert delivery.sent_at is not None
    assert delivery.sent_at - delivery.at >= 0.09
    assert titles(hooked) == ["Told"]


def test_webhooks_come_in_another_order(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_out_of_order(seconds=60):
        for title in ("A", "B", "C", "D"):
            add_page(confluence, title)
    delivered(confluence)
    assert titles(hooked) == ["B", "A", "D", "C"]


def test_a_held_webhook_is_sent_without_a_successor(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_out_of_order(seconds=0.1):
        add_page(confluence, "Alone")
    delivered(confluence)
    assert titles(hooked) == ["Alone"]


def test_a_fault_strikes_only_its_event(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    with confluence.faults.webhook_lost(event="page_viewed"):
        page = add_page(confluence)
        url = f"{confluence.base_url}/spaces/DS/pages/{page.id}"
        assert requests.get(url, timeout=PATIENCE).status_code == 200
    created, viewed = delivered(confluence)
    assert (created.event, created.outcome) == ("page_created", "delivered")
    assert (viewed.event, viewed.outcome) == ("page_viewed", "not-sent")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_failed_delivery_is_retried_if_retries_are_on(
    confluence: LocalConfluence, hooked: FakeApp, status: int
) -> None:
    confluence.webhooks.assume(retries=2, retry_seconds=0.01)
    hooked.answers["page_created"] = status
    add_page(confluence)
    attempts = delivered(confluence)
    assert [one.attempt for one in attempts] == [1, 2, 3]
    assert [one.repeats for one in attempts] == [None, attempts[0].id, attempts[1].id]


@pytest.mark.parametrize("status", [204, 301, 400, 401, 404])
def test_a_final_answer_is_not_retried(
    confluence: LocalConfluence, hooked: FakeApp, status: int
) -> None:
    confluence.webhooks.assume(retries=2, retry_seconds=0.01)
    hooked.answers["page_created"] = status
    add_page(confluence)
    assert len(delivered(confluence)) == 1


def test_the_switches_are_on_the_page_of_faults(confluence: LocalConfluence) -> None:
    url = f"{confluence.origin}/devhost/faults/webhook-late"
    form = {"on": "1", "seconds": "0.5", "times": "", "event": "page_created"}
    page = requests.post(url, data=form, timeout=PATIENCE)
    assert "1 on" in page.text
    (fault,) = confluence.faults.striking_webhook("page_created").values()
    assert fault.event == "page_created"
    assert confluence.faults.striking_webhook("page_updated") == {}
    refused = requests.post(url, data=form | {"seconds": "99"}, timeout=PATIENCE)
    assert "from 0 to 60" in refused.text
