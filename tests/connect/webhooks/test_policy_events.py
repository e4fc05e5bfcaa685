"""A webhook about an app access rule invalidates the tenant's cached answer."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.connect import WebhookDelivery, webhook
from app.connect.outbound.access_rules.policy_cache import PolicyCache
from app.connect.outbound.state import EXTENSION
from app.connect.protocol.access_rules import POLICY_EVENTS
from app.connect.webhooks.models import DeliveryState, Status
from app.connect.webhooks.wake_up import RUN
from tests import signing
from tests.connect.conftest import EVENT, Deliver

Deliveries = Callable[[], list[DeliveryState]]
EVENTS = sorted(POLICY_EVENTS)
CHANGED = "app_policy_changed"
CLOUD_EVENT = "application/cloudevents+json; charset=UTF-8"


@pytest.fixture
def cache(app: Flask) -> PolicyCache:
    """The cached answers for the tenant and for another one."""
    cache: PolicyCache = app.extensions[EXTENSION].policies
    cache.put(signing.CLIENT_KEY, False, changes=0)
    cache.put("another", False, changes=0)
    return cache


def send(deliver: Deliver, event: str) -> int:
    return deliver(
        event, data=b'{"specversion": "1.0"}', content_type=CLOUD_EVENT
    ).status_code


@pytest.mark.parametrize("event", EVENTS)
def test_a_policy_event_drops_the_answer_of_its_tenant(
    deliver: Deliver, deliveries: Deliveries, cache: PolicyCache, event: str
) -> None:
    assert send(deliver, event) == 204
    assert cache.find(signing.CLIENT_KEY) is None
    assert cache.find("another") == (False,)
    assert deliveries() == []


def test_another_event_drops_nothing(deliver: Deliver, cache: PolicyCache) -> None:
    assert send(deliver, EVENT) == 204
    assert cache.find(signing.CLIENT_KEY) == (False,)


def test_an_untrusted_event_drops_nothing(deliver: Deliver, cache: PolicyCache) -> None:
    assert deliver(CHANGED, claims={"qsh": "0" * 64}).status_code == 401
    assert cache.find(signing.CLIENT_KEY) == (False,)


def test_a_handler_of_the_author_runs_and_finds_the_answer_dropped(
    app: Flask, deliver: Deliver, deliveries: Deliveries, cache: PolicyCache
) -> None:
    found = []

    def handle(delivery: WebhookDelivery) -> None:
        found.append((delivery.event, cache.find(signing.CLIENT_KEY)))

    webhook(CHANGED)(handle)
    assert send(deliver, CHANGED) == 204
    cache.put(signing.CLIENT_KEY, False, changes=cache.changes)
    [kept] = deliveries()
    app.extensions["celery"].tasks[RUN](kept.id)
    assert deliveries()[0].status is Status.DONE
    assert found == [(CHANGED, None)]
