"""The throttle: tasks do not call a host during a pause it asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect import TenantService
from app.connect.errors import HostResponseError, RateLimitedError
from app.connect.outbound.retry import MAX_DELAY
from app.connect.outbound.state import get_outbound
from app.connect.tasks.context import working
from app.connect.tenants.models import Tenant
from tests.connect.outbound.host_calls import SPACE
from tests.waits import Waits

CONVERT = "/rest/api/contentbody/convert/view"
GLOBAL = {"RateLimit-Reason": "confluence-quota-global-based"}


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
    one = TenantService(install())
    other = install(clientKey="other", baseUrl="https://other.atlassian.net/wiki")
    network.assert_all_requests_are_fired = False
    network.get("https://other.atlassian.net/wiki/rest/api/space", json={})
    return Called(one, TenantService(other), waits)


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


@pytest.mark.parametrize("headers", [{}, GLOBAL], ids=["of the tenant", "of the app"])
def test_a_refusal_of_one_tenant_pauses_no_other(
    called: Called, network: responses.RequestsMock, headers: dict[str, str]
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "1800", **headers})
    with pytest.raises(RateLimitedError):
        called.call()
    called.call(other=True)
    assert called.waits.seconds == []


def test_a_page_asks_the_host_in_spite_of_a_pause(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    network.get(SPACE)
    with pytest.raises(RateLimitedError):
        called.call()
    called.call(task=False)
    assert called.waits.seconds == []


def test_when_the_pause_is_over_tasks_go_on(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    network.get(SPACE)
    with pytest.raises(RateLimitedError):
        called.call()
    called.waits.now += 120
    called.call()
    assert called.waits.seconds == []


def test_a_pause_without_a_time_is_a_short_one(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429)
    network.get(SPACE)
    with pytest.raises(RateLimitedError):
        called.call()
    called.call()
    assert called.waits.seconds == [1]


@pytest.mark.parametrize(
    ("asked", "kept"), [("60", 120), ("300", 300), ("999999", MAX_DELAY)]
)
def test_a_pause_becomes_longer_and_is_bounded_but_never_becomes_shorter(
    called: Called, network: responses.RequestsMock, asked: str, kept: float
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    network.get(SPACE, status=429, headers={"Retry-After": asked})
    for _ in range(2):
        with pytest.raises(RateLimitedError):
            called.call(task=False)
    with working(), pytest.raises(RateLimitedError, match="not sent") as caught:
        called.service.request("POST", CONVERT, json={})
    assert caught.value.retry_in == caught.value.retry_after == kept


@pytest.mark.parametrize("status", [200, 500, 503])
def test_no_other_answer_begins_a_pause(
    called: Called, network: responses.RequestsMock, status: int
) -> None:
    network.get(SPACE, status=status, headers={"Retry-After": "120"})
    for _ in range(2):
        try:
            called.call()
        except HostResponseError as error:
            assert error.status_code == status
    assert len(network.calls) == 2


def test_pauses_that_are_over_are_forgotten(
    called: Called, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "120"})
    network.replace(
        responses.GET,
        "https://other.atlassian.net/wiki/rest/api/space",
        status=429,
        headers={"Retry-After": "120"},
    )
    ends: dict[str, Any] = get_outbound().throttle._ends
    with pytest.raises(RateLimitedError):
        called.call()
    with pytest.raises(RateLimitedError):
        called.call(other=True)
    assert set(ends) == {called.service.tenant.client_key, "other"}
    called.waits.now += 120
    with pytest.raises(RateLimitedError):
        called.call(other=True)
    assert set(ends) == {"other"}
