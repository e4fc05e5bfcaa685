"""Outcomes of a delivery: done, retried, parked or dropped."""

import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
import responses
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from app.connect import (
    TenantService,
    WebhookDelivery,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
)
from app.connect.db.columns import utc_now
from app.connect.errors import RateLimitedError
from app.connect.tenants.models import Tenant, TenantRecord
from app.connect.webhooks.handlers import registered
from app.connect.webhooks.inbox import BATCH, Inbox, due, record
from app.connect.webhooks.models import DeliveryState, Status
from app.connect.webhooks.payload import Payload
from app.connect.webhooks.retry_policy import MAX_RETRY_DELAY, RetryPolicy
from app.connect.webhooks.runner import HOLD
from app.connect.webhooks.state import WebhooksState
from app.connect.webhooks.tasks import SWEEP
from app.connect.webhooks.wake_up import RUN
from app.extensions import db
from tests import signing
from tests.connect.conftest import BODY, EVENT, Deliver, Told
from tests.waits import Waits

Deliveries = Callable[[], list[DeliveryState]]
Run = Callable[[], DeliveryState]


@pytest.fixture
def run(app: Flask, deliveries: Deliveries) -> Run:
    """Run the newest delivery as Celery does, and return its new state."""

    def run_newest() -> DeliveryState:
        app.extensions["celery"].tasks[RUN](deliveries()[0].id)
        return deliveries()[0]

    return run_newest


def make_due() -> None:
    with db.engine.begin() as connection:
        connection.execute(update(record).values(due(utc_now())))


def replace_handler(handler: Callable[[WebhookDelivery], Any]) -> None:
    registered[EVENT] = [handler]


def fail(delivery: WebhookDelivery) -> None:
    raise ValueError("canary")


def test_a_handler_runs_with_what_a_request_would_have(
    deliver: Deliver, run: Run, tenant: Tenant
) -> None:
    seen: list[Any] = []

    def handle(delivery: WebhookDelivery) -> None:
        assert isinstance(current_service._get_current_object(), TenantService)  # type: ignore[attr-defined]  # it is a proxy
        service_tenant = current_service.tenant
        seen.append((current_tenant == tenant, service_tenant == tenant))
        seen.append((str(current_account_id), dict(current_context)))

    replace_handler(handle)
    context = {"confluence": {"space": {"key": "DS"}}}
    assert deliver(claims={"context": context}).status_code == 204
    done = run()
    assert (done.status, done.attempts, done.error) == (Status.DONE, 1, None)
    assert done.finished_at is not None
    assert seen == [(True, True), (signing.ACCOUNT_ID, context)]


def test_nobody_is_acted_for_after_a_handler(
    deliver: Deliver, run: Run, handled: list[Any]
) -> None:
    deliver()
    run()
    with pytest.raises(RuntimeError, match="acting_for"):
        _ = current_tenant.client_key


def test_an_anonymous_delivery_has_no_account_id(deliver: Deliver, run: Run) -> None:
    seen: list[bool] = []
    replace_handler(lambda delivery: seen.append(bool(current_account_id)))
    deliver(claims={"sub": signing.MISSING})
    assert run().status is Status.DONE
    assert seen == [False]


def test_a_delivery_that_is_done_is_not_run_again(
    deliver: Deliver, run: Run, handled: list[Any]
) -> None:
    deliver()
    run()
    assert run().attempts == 1
    assert len(handled) == 1


def test_an_unknown_delivery_is_ignored(app: Flask) -> None:
    assert app.extensions["celery"].tasks[RUN](12345) is None


def test_a_handler_that_fails_is_called_again_later(
    deliver: Deliver, run: Run, inbox: Inbox
) -> None:
    replace_handler(fail)
    deliver()
    before = utc_now()
    failed = run()
    assert (failed.status, failed.attempts) == (Status.RETRYING, 1)
    assert failed.error is not None
    assert failed.error.startswith("ValueError at ")
    assert "canary" not in failed.error
    wait = (failed.due_at - before).total_seconds()
    assert 7 < wait < 20
    assert run().attempts == 1, "it is not due yet"
    make_due()
    assert run().attempts == 2


def test_a_handler_that_fails_too_often_is_parked(
    config: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    config["CONNECT_WEBHOOK_MAX_ATTEMPTS"] = 2
    run: Run = request.getfixturevalue("run")
    deliver: Deliver = request.getfixturevalue("deliver")
    replace_handler(fail)
    deliver()
    run()
    make_due()
    parked = run()
    assert (parked.status, parked.attempts) == (Status.PARKED, 2)
    assert parked.finished_at is not None
    make_due()
    assert run().attempts == 2


def test_a_handler_that_recovers_is_done(
    deliver: Deliver, run: Run, handled: list[WebhookDelivery]
) -> None:
    recovered = registered[EVENT][0]
    replace_handler(fail)
    deliver()
    run()
    replace_handler(recovered)
    make_due()
    done = run()
    assert (done.status, done.attempts, done.error) == (Status.DONE, 2, None)
    assert [delivery.attempt for delivery in handled] == [2]


def test_a_failure_is_logged_without_the_body(
    deliver: Deliver, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    replace_handler(lambda delivery: int(delivery.body["page"]["title"]))
    deliver()
    run()
    [logged] = [entry for entry in caplog.records if "failed" in entry.message]
    assert signing.CLIENT_KEY in logged.message
    assert 'int(delivery.body["page"]["title"])' in caplog.text
    assert caplog.text.endswith("\nValueError\n")
    assert BODY["page"]["title"] not in caplog.text


def test_in_debug_mode_the_whole_error_is_logged(
    app: Flask, deliver: Deliver, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    app.debug = True
    replace_handler(lambda delivery: int(delivery.body["page"]["title"]))
    deliver()
    run()
    assert BODY["page"]["title"] in caplog.text


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(600.0, 600, 601), (1_000_000.0, 3600, 3601), (None, 7, 20)],
)
def test_a_host_that_asks_for_a_pause_gets_it(
    deliver: Deliver, run: Run, asked: float | None, least: int, most: int
) -> None:
    error = RateLimitedError(429, "slow", method="GET", path="/")
    error.retry_after = asked

    def limited(delivery: WebhookDelivery) -> None:
        raise error

    replace_handler(limited)
    deliver()
    before = utc_now()
    wait = (run().due_at - before).total_seconds()
    assert least <= wait < most + 20


def test_a_pause_that_the_host_asks_for_is_no_failed_attempt(
    deliver: Deliver, run: Run, network: responses.RequestsMock, waits: Waits
) -> None:
    network.get(
        f"{signing.SITE}/rest/api/space", status=429, headers={"Retry-After": "600"}
    )
    replace_handler(lambda delivery: current_service.get_json("/rest/api/space"))
    deliver()
    for _ in range(3):
        state = run()
        assert (state.status, state.attempts) == (Status.RETRYING, 0)
        make_due()
    assert waits.seconds == []


def test_a_delivery_is_not_postponed_forever(
    app: Flask, deliver: Deliver, run: Run, network: responses.RequestsMock
) -> None:
    network.get(f"{signing.SITE}/rest/api/space", status=429)
    replace_handler(lambda delivery: current_service.get_json("/rest/api/space"))
    deliver()
    retention = app.extensions["connect.webhooks"].retention
    with db.engine.begin() as connection:
        old = utc_now() - retention - timedelta(seconds=1)
        connection.execute(update(record).values(received_at=old))
    assert run().attempts == 1


def test_each_wait_is_longer_and_none_is_the_same() -> None:
    policy = RetryPolicy(max_attempts=12, first_delay=timedelta(seconds=10))
    for attempt, seconds in ((1, 10), (2, 20), (5, 160)):
        delays = {policy.delay_after(attempt).total_seconds() for _ in range(50)}
        assert all(0.75 * seconds <= delay <= 1.25 * seconds for delay in delays)
        assert len(delays) > 1
    assert policy.delay_after(500) <= MAX_RETRY_DELAY * 1.25


@pytest.mark.parametrize("purged", [False, True])
def test_a_delivery_stored_during_an_uninstall_is_dropped_and_its_body_erased(
    app: Flask, deliver: Deliver, run: Run, handled: list[Any], purged: bool
) -> None:
    deliver()
    with db.engine.begin() as connection:
        gone = update(TenantRecord).values(uninstalled_at=utc_now())
        connection.execute(delete(TenantRecord) if purged else gone)
    dropped = run()
    assert (dropped.status, handled) == (Status.DROPPED, [])
    assert dropped.error == "the tenant has uninstalled the app"
    archive = app.extensions["connect.webhooks"].archive
    assert archive.read(dropped.id) is None


def test_an_uninstall_deletes_what_is_done_waiting_and_running(
    app: Flask,
    deliver: Deliver,
    run: Run,
    deliveries: Deliveries,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tenants = app.extensions["connect"].tenants
    seen: list[int] = []

    def end(delivery: WebhookDelivery) -> None:
        seen.append(delivery.id)
        if len(seen) == 2:
            later = utc_now().timestamp() + 60
            tenants.uninstall(signing.CLIENT_KEY, issued_at=later)

    replace_handler(end)
    tasks = app.extensions["celery"].tasks
    deliver()
    run()
    deliver(json=BODY | {"timestamp": 1})
    deliver(json=BODY | {"timestamp": 2})
    waiting, running, done = deliveries()
    assert (waiting.status, done.status) == (Status.RECEIVED, Status.DONE)
    tasks[RUN](running.id)
    assert (len(seen), deliveries()) == (2, [])
    assert f"delivery {running.id} is gone" in caplog.text


def test_an_uninstall_leaves_the_deliveries_of_others(
    app: Flask, deliver: Deliver, deliveries: Deliveries
) -> None:
    deliver()
    with db.engine.begin() as connection:
        connection.execute(update(record).values(client_key="other"))
    tenants = app.extensions["connect"].tenants
    tenants.uninstall(signing.CLIENT_KEY, issued_at=utc_now().timestamp() + 60)
    assert [kept.client_key for kept in deliveries()] == ["other"]


def test_a_delivery_of_a_disabled_tenant_waits(
    app: Flask, deliver: Deliver, run: Run, handled: list[Any]
) -> None:
    deliver()
    tenants = app.extensions["connect"].tenants
    later = utc_now().timestamp() + 60
    tenants.set_enabled(signing.CLIENT_KEY, enabled=False, issued_at=later)
    before = utc_now()
    held = run()
    assert (held.status, held.attempts, handled) == (Status.RETRYING, 0, [])
    assert held.due_at >= before + HOLD
    tenants.set_enabled(signing.CLIENT_KEY, enabled=True, issued_at=later)
    make_due()
    assert run().status is Status.DONE
    assert len(handled) == 1


def test_a_delivery_of_a_disabled_tenant_does_not_wait_forever(
    app: Flask, deliver: Deliver, run: Run
) -> None:
    deliver()
    tenants = app.extensions["connect"].tenants
    later = utc_now().timestamp() + 60
    tenants.set_enabled(signing.CLIENT_KEY, enabled=False, issued_at=later)
    long_ago = utc_now() - timedelta(days=8)
    with db.engine.begin() as connection:
        connection.execute(update(record).values(received_at=long_ago))
    assert run().status is Status.DROPPED


def test_an_event_whose_handler_has_gone_is_parked(deliver: Deliver, run: Run) -> None:
    deliver()
    del registered[EVENT]
    parked = run()
    assert (parked.status, parked.error) == (
        Status.PARKED,
        "the app has no handler for it",
    )


def test_a_body_that_no_key_decrypts_is_tried_again(deliver: Deliver, run: Run) -> None:
    deliver()
    with db.engine.begin() as connection:
        connection.execute(update(record).values(payload="lost"))
    failed = run()
    assert failed.status is Status.RETRYING
    assert failed.error is not None
    assert failed.error.startswith("ConfigurationError")


def test_a_delivery_runs_in_one_worker_only(
    app: Flask, deliver: Deliver, deliveries: Deliveries
) -> None:
    runs: list[int] = []

    def handle(delivery: WebhookDelivery) -> None:
        runs.append(delivery.attempt)
        app.extensions["celery"].tasks[RUN](delivery.id)

    replace_handler(handle)
    deliver()
    app.extensions["celery"].tasks[RUN](deliveries()[0].id)
    assert runs == [1]
    assert deliveries()[0].status is Status.DONE


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_other(
    app: Flask, deliver: Deliver, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[int] = []

    def handle(delivery: WebhookDelivery) -> None:
        runs.append(delivery.attempt)
        if len(runs) == 1:
            make_due()
            app.extensions["celery"].tasks[RUN](delivery.id)
            raise ValueError("the first worker fails after the second was done")

    replace_handler(handle)
    deliver()
    with caplog.at_level(logging.WARNING):
        done = run()
    assert (done.status, runs) == (Status.DONE, [1, 2])
    assert "another worker has it by now" in caplog.text


def test_the_session_of_a_failed_handler_is_rolled_back(
    app: Flask, deliver: Deliver, run: Run
) -> None:
    def handle(delivery: WebhookDelivery) -> None:
        db.session.execute(db.text("DELETE FROM tenant_event"))
        raise ValueError

    replace_handler(handle)
    deliver()
    # The session's open transaction would keep the runner from writing.
    run()
    with db.engine.connect() as connection:
        assert connection.scalar(db.text("SELECT count(*) FROM tenant_event")) > 0


def store_many(webhooks: WebhooksState, tenant: Tenant, count: int) -> None:
    payload = Payload("{}", None, {})
    for number in range(count):
        key = tenant.client_key
        fingerprint = str(number)
        webhooks.inbox.receive(key, EVENT, fingerprint=fingerprint, payload=payload)


def test_one_message_runs_all_that_waits(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    deliveries: Deliveries,
    handled: list[WebhookDelivery],
) -> None:
    store_many(webhooks, tenant, BATCH * 2 + 1)
    app.extensions["celery"].tasks[RUN](1)
    assert [delivery.id for delivery in handled] == [*range(1, BATCH * 2 + 2)]
    assert {each.status for each in deliveries()} == {Status.DONE}


def test_the_sweep_runs_what_no_message_came_for(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    handled: list[Any],
    app_context: None,
) -> None:
    store_many(webhooks, tenant, 2)
    app.extensions["celery"].tasks[SWEEP]()
    assert len(handled) == 2


def test_a_worker_with_more_than_it_can_take_wakes_another(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    handled: list[Any],
    app_context: None,
    told: Told,
) -> None:
    store_many(webhooks, tenant, 2)
    app.extensions["celery"].tasks[RUN](1)
    assert told() == []
    store_many(webhooks, tenant, BATCH + 3)
    app.extensions["celery"].tasks[RUN](1)
    assert [name for name, _ in told()] == [RUN]


def test_other_tasks_have_their_turn(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    handled: list[Any],
    app_context: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.runner.TURN", 0.0001)
    store_many(webhooks, tenant, BATCH * 2)
    app.extensions["celery"].tasks[RUN](1)
    assert len(handled) == BATCH


def test_one_that_fails_fails_alone(
    app: Flask, webhooks: WebhooksState, tenant: Tenant, deliveries: Deliveries
) -> None:
    replace_handler(lambda delivery: 1 // (delivery.id - 2))
    store_many(webhooks, tenant, 3)
    app.extensions["celery"].tasks[RUN](1)
    assert [(each.id, each.status) for each in deliveries()] == [
        (3, Status.DONE),
        (2, Status.RETRYING),
        (1, Status.DONE),
    ]


def test_a_delivery_is_looked_up_with_its_tenant_before_it_is_run(
    app: Flask, webhooks: WebhooksState, tenant: Tenant, deliveries: Deliveries
) -> None:
    seen: list[int] = []

    def uninstall(delivery: WebhookDelivery) -> None:
        seen.append(delivery.id)
        later = utc_now().timestamp() + 60
        app.extensions["connect"].tenants.uninstall(tenant.client_key, issued_at=later)

    replace_handler(uninstall)
    store_many(webhooks, tenant, 2)
    app.extensions["celery"].tasks[RUN](1)
    assert len(seen) == 1
    # An uninstall deletes what is left.
    assert deliveries() == []


def test_what_waits_behind_a_slow_handler_goes_to_other_workers(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
    told: Told,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_WAIT", 0.01)
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_UNNOTED", 600)
    monkeypatch.setattr("app.connect.webhooks.runner.TURN", 0.0001)
    seen: list[Any] = []

    def be_slow(delivery: WebhookDelivery) -> None:
        if delivery.id < 3:
            return
        deadline = monotonic() + 30
        while not seen and monotonic() < deadline:
            if deliveries()[0].status is Status.RECEIVED:
                seen.extend((each.id, each.status) for each in deliveries())

    replace_handler(be_slow)
    store_many(webhooks, tenant, 4)
    app.extensions["celery"].tasks[RUN](1)
    # The first two are noted by then, although it would be too soon otherwise.
    assert seen == [
        (4, Status.RECEIVED),
        (3, Status.RUNNING),
        (2, Status.DONE),
        (1, Status.DONE),
    ]
    assert [name for name, _ in told()] == [RUN]
    assert deliveries()[1].status is Status.DONE


def test_a_slow_handler_is_noted_at_once(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_UNNOTED", 0)
    seen: list[Status] = []
    replace_handler(lambda delivery: seen.append(deliveries()[-1].status))
    store_many(webhooks, tenant, 2)
    app.extensions["celery"].tasks[RUN](1)
    assert seen == [Status.RUNNING, Status.DONE]


def test_a_database_that_fails_leaves_the_rest_of_a_batch_to_others(
    app: Flask,
    webhooks: WebhooksState,
    tenant: Tenant,
    deliveries: Deliveries,
    handled: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("", None, Exception())

    store_many(webhooks, tenant, 3)
    with monkeypatch.context() as patch:
        patch.setattr("app.connect.webhooks.runner.find_tenant", fail)
        patch.setattr("app.connect.webhooks.runner._fail", fail)
        with pytest.raises(OperationalError):
            app.extensions["celery"].tasks[RUN](1)
    assert handled == []
    assert [each.status for each in deliveries()] == ["received"] * 2 + ["running"]
