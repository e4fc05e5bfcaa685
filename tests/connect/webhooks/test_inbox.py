"""The webhook inbox: claims, leases, and the sweeper."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.connect.db.columns import utc_now
from app.connect.webhooks.inbox import BATCH, LEASE, Claim, Inbox, due, record
from app.connect.webhooks.lease import Lease
from app.connect.webhooks.models import DeliveryRecord, Status
from app.connect.webhooks.payload import Payload
from app.extensions import db
from tests.example import create_app

PAYLOAD = Payload('{"a": 1}', "account", {"space": "DS"})
Store = Callable[..., int]


@pytest.fixture
def store(inbox: Inbox) -> Store:
    """Store a delivery, and change its columns."""

    def keep(fingerprint: str = "one", **columns: Any) -> int:
        kept = inbox.receive(
            "client", "page_created", fingerprint=fingerprint, payload=PAYLOAD
        )
        assert kept is not None
        if columns:
            change(kept, **columns)
        return kept

    return keep


def change(delivery_id: int, **columns: Any) -> None:
    with db.engine.begin() as connection:
        this = record.c.id == delivery_id
        connection.execute(update(record).where(this).values(**columns))


def row(delivery_id: int) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(
            select(record).where(record.c.id == delivery_id)
        ).one()


def claim_all(inbox: Inbox) -> list[Claim]:
    return [*inbox.claim(max_attempts=3).claims]


def test_a_delivery_is_claimed_once(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    kept = store()
    [claim] = claim_all(inbox)
    assert (claim.event, claim.attempt) == ("page_created", 1)
    assert inbox.read(claim) == PAYLOAD
    assert claim_all(inbox) == []
    assert inbox.close([claim], Status.DONE)
    assert not inbox.close([claim], Status.PARKED)
    assert claim_all(inbox) == []
    assert (row(kept).status, row(kept).attempts) == (Status.DONE, 1)


def test_of_many_workers_one_gets_a_delivery(
    each_database: None, app: Flask, inbox: Inbox, store: Store
) -> None:
    kept = [store(str(number)) for number in range(BATCH * 2)]
    start = threading.Barrier(6)
    claimed: list[int] = []

    def work() -> None:
        with app.app_context():
            start.wait(20)
            while claims := claim_all(inbox):
                claimed.extend(claim.id for claim in claims)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    claimed += [claim.id for claim in claim_all(inbox)]
    assert sorted(claimed) == kept


def test_new_deliveries_are_claimed_together_oldest_first(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    kept = [store(str(number)) for number in range(BATCH + 1)]
    change(kept[-1], **due(utc_now() - timedelta(hours=1)))
    first = inbox.claim(max_attempts=3)
    assert [claim.id for claim in first.claims] == [kept[-1], *kept[: BATCH - 1]]
    assert first.more
    assert inbox.close(first.claims, Status.DONE)
    assert {row(claim.id).attempts for claim in first.claims} == {1}
    second = inbox.claim(max_attempts=3)
    assert ([claim.id for claim in second.claims], second.more) == (
        kept[BATCH - 1 : BATCH],
        False,
    )


def test_a_delivery_that_was_run_before_is_claimed_alone(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    past = due(utc_now() - timedelta(hours=1))
    killed = store("killed", status=Status.RUNNING, lease="killed", attempts=1, **past)
    new = store("new")
    batch = inbox.claim(max_attempts=3)
    assert [(claim.id, claim.attempt) for claim in batch.claims] == [(killed, 2)]
    assert batch.more
    assert [claim.id for claim in claim_all(inbox)] == [new]


def test_a_killed_worker_costs_no_attempt_to_what_waited_with_it(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    kept = [store("one"), store("two")]
    for _ in range(5):
        assert len(claim_all(inbox)) == 2
        for delivery_id in kept:
            assert row(delivery_id).attempts == 0
            change(delivery_id, status=Status.RECEIVED, lease=None, **due(utc_now()))


def test_what_a_killed_worker_had_claimed_together_is_claimed_one_by_one(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    kept = [store("one"), store("two")]
    assert len(claim_all(inbox)) == 2
    for delivery_id in kept:
        change(delivery_id, **due(utc_now()))
    assert [claim.id for claim in claim_all(inbox)] == kept[:1]
    assert [claim.id for claim in claim_all(inbox)] == kept[1:]


def test_a_delivery_that_came_before_is_not_stored_again(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    store("one")
    again = inbox.receive("client", "x", fingerprint="one", payload=PAYLOAD)
    assert again is None
    assert inbox.receive("other", "x", fingerprint="one", payload=PAYLOAD) is not None


def test_a_killed_worker_loses_its_delivery_when_its_lease_ends(
    inbox: Inbox, store: Store
) -> None:
    kept = store()
    [killed] = claim_all(inbox)
    assert row(kept).due_at <= utc_now() + LEASE
    change(kept, **due(utc_now()))
    [other] = claim_all(inbox)
    assert other.attempt == 2
    assert not inbox.renew(killed)
    inbox.release([killed])
    assert not inbox.close([killed], Status.DONE)
    assert not inbox.postpone(killed, timedelta(0), "")
    assert inbox.close([other], Status.DONE)


def test_a_delivery_that_kills_every_worker_is_parked(
    inbox: Inbox, store: Store
) -> None:
    past = due(utc_now())
    kept = store(attempts=3, status=Status.RUNNING, lease="killed", **past)
    assert claim_all(inbox) == []
    parked = row(kept)
    assert (parked.status, parked.error) == (
        Status.PARKED,
        "its worker died each time",
    )


def test_a_running_handler_keeps_its_lease(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_WAIT", 0.01)
    store()
    [claim] = claim_all(inbox)
    before = row(claim.id).due_at
    with Lease(inbox, [claim]) as lease:
        assert next(iter(lease)) == claim
        wait_until(lambda: row(claim.id).due_at > before)
        change(claim.id, lease="another")
        wait_until(lambda: not is_renewed(claim.id))
    assert not is_renewed(claim.id)


def test_a_handler_that_hangs_keeps_its_lease_for_a_time_only(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_WAIT", 0.01)
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_RENEWALS", 2)
    store()
    [claim] = claim_all(inbox)
    with Lease(inbox, [claim]) as lease:
        assert next(iter(lease)) == claim
        wait_until(lambda: not is_renewed(claim.id))


def test_a_database_that_fails_for_a_moment_ends_no_lease(
    inbox: Inbox,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_WAIT", 0.01)
    store()
    [claim] = claim_all(inbox)
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE webhook_delivery RENAME TO away"))
    with Lease(inbox, [claim]) as lease:
        assert next(iter(lease)) == claim
        wait_until(lambda: "could not renew" in caplog.text)
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO webhook_delivery"))
        before = row(claim.id).due_at
        wait_until(lambda: row(claim.id).due_at > before)


def is_renewed(delivery_id: int) -> bool:
    return f"lease of delivery {delivery_id}" in {
        thread.name for thread in threading.enumerate()
    }


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_record_shows_nothing_of_what_it_carries(store: Store) -> None:
    kept = db.session.get(DeliveryRecord, store())
    assert repr(kept) == "<DeliveryRecord 1 'page_created' received>"
    assert "DS" not in repr(PAYLOAD)


@pytest.fixture
def second_app(config: dict[str, Any]) -> Iterator[Flask]:
    yield create_app(config)


def test_what_one_process_stores_another_reads(
    second_app: Flask, inbox: Inbox, store: Store
) -> None:
    kept = store()
    with second_app.app_context():
        other = second_app.extensions["connect.webhooks"].inbox
        [claim] = claim_all(other)
        assert (claim.id, other.read(claim)) == (kept, PAYLOAD)
