"""Tasks slow down when a limit of the host is near."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import redis
import responses
from flask import Flask

from app import create_app
from app.connect import TenantService
from app.connect.errors import RateLimitedError
from app.connect.outbound.throttle import LocalTurns, Pace, RedisTurns, Turns
from app.connect.tasks.context import working
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host_calls import SPACE
from tests.redis_server import REDIS_URL, new_redis
from tests.waits import Waits

NEAR = {"RateLimit": '"tenant-app-quota";r=300;t=600'}
NEAR_OF_APP = {"RateLimit": '"global-app-quota";r=300;t=600'}
CONVERT = "/rest/api/contentbody/convert/view"
GLOBAL = {"RateLimit-Reason": "confluence-quota-global-based"}


@pytest.fixture
def redis_client() -> Iterator["redis.Redis"]:
    yield from new_redis()


@pytest.fixture(params=["local", "redis"])
def turns(request: pytest.FixtureRequest) -> Turns:
    """The turns of this process, and those that workers share."""
    if request.param == "local":
        return LocalTurns()
    client = request.getfixturevalue("redis_client")
    return RedisTurns(client, f"test-{uuid4()}", LocalTurns())


def test_without_a_limit_it_is_everybodys_turn(turns: Turns) -> None:
    assert [turns.take(["a", "b"], 1) for _ in range(3)] == [0, 0, 0]


# Long enough for a machine that is busy; the clock of Redis is its own.
LONG = 1000.0
ABOUT = 100


def test_near_a_limit_each_turn_is_an_interval_later(turns: Turns) -> None:
    turns.slow_down("a", LONG, 3000)
    waits = [turns.take(["a", "b"], 9 * LONG) for _ in range(4)]
    assert waits == pytest.approx([0, LONG, 2 * LONG, 3 * LONG], abs=ABOUT)
    assert turns.take(["b"], 1) == 0


def test_a_turn_that_is_too_far_away_is_not_taken(turns: Turns) -> None:
    turns.slow_down("a", LONG, 3000)
    waits = [turns.take(["a"], 1.5 * LONG) for _ in range(4)]
    assert waits == pytest.approx([0, LONG, 2 * LONG, 2 * LONG], abs=ABOUT)


def test_in_a_pause_there_is_no_turn(turns: Turns) -> None:
    turns.pause("a", LONG)
    turns.pause("a", LONG / 2)
    assert turns.take(["a", "b"], 1) == pytest.approx(LONG, abs=ABOUT)
    assert turns.take(["b"], 1) == 0


def test_what_is_over_is_forgotten() -> None:
    waits = Waits()
    turns = LocalTurns(clock=lambda: waits.now)
    turns.slow_down("a", 2.0, 60)
    assert [turns.take(["a"], 10), turns.take(["a"], 10)] == [0, 2]
    waits.now += 61
    assert [turns.take(["a"], 10), turns.take(["a"], 10)] == [0, 0]
    assert not turns._next
    assert not turns._intervals


def test_a_pause_outlives_the_limit_before_it() -> None:
    waits = Waits()
    turns = LocalTurns(clock=lambda: waits.now)
    turns.slow_down("a", 2.0, 1)
    turns.pause("a", 5)
    waits.now += 2
    assert [turns.take(["a"], 10), turns.take(["a"], 10)] == [3, 3]


def test_what_one_worker_learns_the_others_know(redis_client: "redis.Redis") -> None:
    prefix = f"test-{uuid4()}"
    one, other = (RedisTurns(redis_client, prefix, LocalTurns()) for _ in range(2))
    one.pause("a", LONG)
    one.slow_down("b", LONG, 3000)
    assert other.take(["a"], 1) == pytest.approx(LONG, abs=ABOUT)
    assert one.take(["b"], 1) == 0
    assert other.take(["b"], 1) == pytest.approx(LONG, abs=ABOUT)


def test_what_redis_keeps_ends_by_itself(redis_client: "redis.Redis") -> None:
    prefix = f"test-{uuid4()}"
    turns = RedisTurns(redis_client, prefix, LocalTurns())
    turns.slow_down("a", 3.0, 3000)
    turns.take(["a"], 1)
    turns.pause("b", LONG)
    keys = list(redis_client.scan_iter(f"{{{prefix}}}*"))
    assert len(keys) == 3
    assert all(0 < redis_client.ttl(key) <= 3600 for key in keys)


def test_while_redis_is_away_each_worker_goes_by_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waits = Waits()
    client = redis.Redis.from_url("redis://:canary@127.0.0.1:1/0")
    turns = RedisTurns(client, "test", LocalTurns(clock=lambda: waits.now))
    assert turns.take(["a"], 1) == 0
    turns.pause("a", 100)
    assert turns.take(["a"], 1) == 100
    assert len(caplog.records) == 1
    assert "canary" not in caplog.text
    waits.now += 31
    assert turns.take(["a"], 1) == 69
    assert len(caplog.records) == 2
    client.close()


@dataclass
class Called:
    """A tenant's service, and how long its calls have waited."""

    service: TenantService
    other: TenantService
    waits: Waits

    def call(self, *, task: bool = True, other: bool = False) -> None:
        service = self.other if other else self.service
        if not task:
            service.request("GET", "/rest/api/space", retry=False)
            return
        with working():
            service.request("GET", "/rest/api/space")


@pytest.fixture
def called(
    app: Flask,
    app_context: None,
    install: Callable[..., Tenant],
    waits: Waits,
    network: responses.RequestsMock,
) -> Called:
    turns = LocalTurns(clock=lambda: waits.now)
    app.extensions["connect-pace"] = Pace(turns, sleep=waits.sleep)
    one = TenantService(install())
    other = install(clientKey="other", baseUrl="https://other.atlassian.net/wiki")
    network.assert_all_requests_are_fired = False
    network.get("https://other.atlassian.net/wiki/rest/api/space", json={})
    return Called(one, TenantService(other), waits)


def test_tasks_of_a_tenant_near_its_limit_are_slowed_down(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, headers=NEAR)
    for _ in range(3):
        called.call()
    called.call(other=True)
    assert called.waits.seconds == [2]


def test_the_limit_of_the_app_slows_all_its_tenants_down(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, headers=NEAR_OF_APP)
    for _ in range(2):
        called.call()
    called.call(other=True)
    assert called.waits.seconds == [2]


def test_a_page_is_not_slowed_down(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, headers=NEAR)
    for _ in range(5):
        called.call(task=False)
    assert called.waits.seconds == []


def test_after_a_refusal_the_tasks_of_the_tenant_are_put_off_unsent(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    with pytest.raises(RateLimitedError):
        called.call(task=False)
    asked = len(network.calls)
    with pytest.raises(RateLimitedError, match="not sent") as caught:
        called.call()
    assert caught.value.retry_in == pytest.approx(126)
    assert len(network.calls) == asked
    called.call(other=True)
    assert called.waits.seconds == []


def test_after_a_refusal_of_the_app_all_tasks_are_put_off(
    called: Called, network: responses.RequestsMock
) -> None:
    headers = {"Retry-After": "120", **GLOBAL}
    network.get(SPACE, status=429, headers=headers)
    with pytest.raises(RateLimitedError):
        called.call()
    with pytest.raises(RateLimitedError, match="not sent"):
        called.call(other=True)


def test_a_post_that_was_not_sent_is_put_off_too(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    with pytest.raises(RateLimitedError):
        called.call()
    with working(), pytest.raises(RateLimitedError, match="not sent") as caught:
        called.service.request("POST", CONVERT, json={})
    assert caught.value.retry_in == 120


def test_a_short_pause_is_waited_for(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "3"})
    network.get(SPACE)
    with pytest.raises(RateLimitedError):
        called.call()
    called.call()
    assert called.waits.seconds == [3]


@pytest.mark.parametrize(
    ("settings", "shared"),
    [
        ({}, False),
        ({"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}, True),
        ({"CELERY_BROKER_URL": "rediss://127.0.0.1:1/0;redis://127.0.0.1:2/0"}, True),
        ({"CELERY_BROKER_URL": "amqp://127.0.0.1:1//"}, False),
        ({"CONNECT_REDIS_URL": REDIS_URL}, True),
    ],
)
def test_the_broker_is_shared_if_it_is_redis(
    config: dict[str, Any], settings: dict[str, str], shared: bool
) -> None:
    pace = create_app({**config, **settings}).extensions["connect-pace"]
    assert isinstance(pace.turns, RedisTurns) is shared
    assert signing.APP_KEY in repr(vars(pace.turns)) or not shared
