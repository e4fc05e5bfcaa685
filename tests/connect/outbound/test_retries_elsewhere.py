"""Retries in a web request, for a few seconds, and in a task, without waiting."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import responses
from celery import shared_task
from celery.app.trace import build_tracer
from flask import Flask
from flask.testing import FlaskClient

from app.connect import (
    TenantService,
    current_service,
    find_tenant,
    jwt_required,
    tenant_task,
)
from app.connect.errors import HostError, HostResponseError, RateLimitedError
from app.connect.outbound.host_guard import MAX_WAITING
from app.connect.outbound.state import EXTENSION
from app.connect.tasks.rescheduling import MAX_PAUSES
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.conftest import Told
from tests.connect.outbound.host_calls import SPACE
from tests.connect.outbound.scopes import declare
from tests.waits import Waits

seen: list[Any] = []


@tenant_task
def read_spaces() -> None:
    seen.append(current_service.get_json("/rest/api/space"))


@tenant_task
def create_space() -> None:
    current_service.request("POST", "/rest/api/space", json={})


@shared_task
def plain_task(tenant_id: str) -> None:
    """Call the host from a task that is not the framework's."""
    tenant = find_tenant(tenant_id)
    assert tenant is not None
    try:
        TenantService(tenant).request("GET", "/rest/api/space")
    except HostError as error:
        seen.append(error.retry_in)


READ = f"{__name__}.read_spaces"
MESSAGE: list[Any] = [signing.CLIENT_KEY, None, [], {}]


@pytest.fixture(autouse=True)
def _nothing_seen() -> Iterator[None]:
    seen.clear()
    yield


@pytest.fixture
def page(app: Flask, tenant: Tenant) -> FlaskClient:
    """An app with pages that call the host once, twice, and three times."""

    def once() -> dict[str, Any]:
        found: dict[str, Any] = current_service.get_json("/rest/api/space")
        return found

    def twice() -> str:
        for _ in range(2):
            try:
                current_service.get_json("/rest/api/space")
            except HostResponseError as error:
                seen.append(error.retry_in)
        return "done"

    def thrice() -> list[Any]:
        return [current_service.get_json("/rest/api/space") for _ in range(3)]

    # The app has served the install by now, and Flask adds no routes after that.
    app._got_first_request = False
    app.add_url_rule("/once", view_func=jwt_required(once))
    app.add_url_rule("/twice", view_func=jwt_required(twice))
    app.add_url_rule("/thrice", view_func=jwt_required(thrice))
    return app.test_client()


def ask(page: FlaskClient, path: str) -> int:
    token = signing.host_token("GET", path)
    return page.get(path, headers=signing.authorization(token)).status_code


def test_a_page_waits_for_a_host_that_soon_recovers(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(SPACE, status=503)
    network.get(SPACE, json={})
    assert ask(page, "/once") == 200
    assert waits.seconds == [2]


def test_a_page_waits_no_more_than_a_few_seconds(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    for _ in range(3):
        network.get(SPACE, status=503)
    assert ask(page, "/once") == 502
    assert waits.seconds == [2, 4]


def test_a_page_does_not_wait_when_the_host_asks_for_more(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(SPACE, status=429, headers={"Retry-After": "10"})
    assert ask(page, "/once") == 502
    assert waits.seconds == []


def test_the_seconds_are_those_of_the_request_and_not_of_each_call(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(SPACE, status=503, headers={"Retry-After": "4"})
    assert ask(page, "/twice") == 200
    assert waits.seconds == [4.2, 4.2]
    assert seen == [4.2, 4.2]
    assert ask(page, "/twice") == 200
    assert waits.seconds == [4.2] * 4


def test_the_time_of_a_try_that_failed_counts_too(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    def slow(request: Any) -> tuple[int, dict[str, str], str]:
        waits.now += 8
        return 503, {}, ""

    network.add_callback("GET", SPACE, slow)
    assert ask(page, "/once") == 502
    assert waits.seconds == []


def test_the_time_of_calls_that_are_answered_counts_too(
    page: FlaskClient, network: responses.RequestsMock, waits: Waits
) -> None:
    given: list[tuple[float, float]] = []

    def slow(request: Any) -> tuple[int, dict[str, str], str]:
        given.append(request.req_kwargs["timeout"])
        waits.now += 7
        return 200, {}, "{}"

    network.add_callback("GET", SPACE, slow)
    assert ask(page, "/thrice") == 503
    assert given == [(5, 10), (3, 3)]
    assert waits.seconds == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_task_is_run_again_instead_of_waiting(
    app: Flask,
    tenant: Tenant,
    network: responses.RequestsMock,
    waits: Waits,
    told: Told,
    status: int,
) -> None:
    network.get(SPACE, status=status, headers={"Retry-After": "600"})
    task = app.extensions["celery"].tasks[READ]
    assert run(task, MESSAGE) == "RETRY"
    assert waits.seconds == []
    [(name, args)] = told()
    assert name == READ
    assert args[:4] == MESSAGE


def run(task: Any, message: list[Any], *, retries: int = 0) -> str:
    """Run a task as a worker does, and return the state it ends in."""
    about = {"id": "canary", "retries": retries, "is_eager": False, "callbacks": None}
    trace = build_tracer(task.name, task, app=task.app)
    traced = trace("canary", message, {}, {**about, "delivery_info": {}})
    return "SUCCESS" if traced.info is None else str(traced.info.state)


def test_a_pause_does_not_count_towards_the_retries_of_a_task(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, told: Told
) -> None:
    network.get(SPACE, status=429)
    task = app.extensions["celery"].tasks[READ]
    assert run(task, MESSAGE, retries=3) == "RETRY"
    [(_, args)] = told()
    assert args == [*MESSAGE, 1]
    assert run(task, args, retries=3) == "RETRY"
    assert [args[4] for _, args in told()] == [2]


def test_a_host_that_is_down_costs_a_task_its_tries(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, told: Told
) -> None:
    network.get(SPACE, status=503)
    task = app.extensions["celery"].tasks[READ]
    assert run(task, MESSAGE, retries=2) == "RETRY"
    assert [args for _, args in told()] == [MESSAGE]
    assert run(task, MESSAGE, retries=3) == "FAILURE"
    assert told() == []


def test_a_task_is_not_postponed_forever(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, told: Told
) -> None:
    network.get(SPACE, status=429)
    task = app.extensions["celery"].tasks[READ]
    assert run(task, [*MESSAGE, MAX_PAUSES]) == "FAILURE"
    assert told() == []


def test_a_post_of_a_task_is_not_sent_twice(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, told: Told
) -> None:
    declare(app, "WRITE")
    network.post(SPACE, status=503)
    task = app.extensions["celery"].tasks[f"{__name__}.create_space"]
    assert run(task, MESSAGE) == "FAILURE"
    assert told() == []


def test_a_task_that_is_called_by_itself_raises(
    app: Flask, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=429)
    with pytest.raises(RateLimitedError):
        app.extensions["celery"].tasks[READ](*MESSAGE)


def test_another_task_of_celery_does_not_wait_either(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(SPACE, status=503)
    task = app.extensions["celery"].tasks[f"{__name__}.plain_task"]
    run(task, [signing.CLIENT_KEY])
    assert seen == [2]
    assert waits.seconds == []


def test_a_task_whose_host_is_well_is_done(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, told: Told
) -> None:
    network.get(SPACE, json={"results": [1]})
    assert run(app.extensions["celery"].tasks[READ], MESSAGE) == "SUCCESS"
    assert seen == [{"results": [1]}]
    assert told() == []


def test_a_page_does_not_wait_for_a_host_that_others_wait_for(
    app: Flask, waits: Waits
) -> None:
    calls = app.extensions[EXTENSION].calls
    with ExitStack() as others, app.test_request_context():
        for _ in range(MAX_WAITING):
            others.enter_context(calls.guard.pausing("a"))
        assert not calls.pause(1, host="a")
        assert waits.seconds == []
        assert calls.pause(1, host="b")
    assert waits.seconds == [1]


def test_a_call_is_not_retried_without_its_pause(app: Flask) -> None:
    calls = 0

    def attempt() -> None:
        nonlocal calls
        calls += 1
        error = HostError()
        error.temporary = True
        raise error

    retries = app.extensions[EXTENSION].retries
    with pytest.raises(HostError) as caught:
        retries.call(attempt, repeatable=True, pause=lambda seconds: False)
    assert calls == 1
    assert caught.value.retry_in is not None
