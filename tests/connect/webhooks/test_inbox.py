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
from app.connect.webhooks.inbox import LEASE, MAX_REMIND, REMIND, Inbox, record
from app.connect.webhooks.lease import Lease
from app.connect.webhooks.models import DeliveryRecord, Status
from app.connect.webhooks.payload import Payload
from app.connect.webhooks.tasks import RUN, SWEEP
from app.extensions import db
from tests.connect.conftest import Told
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


def test_a_delivery_is_claimed_once(
    each_database: None, inbox: Inbox, store: Store
) -> None:
    kept = store()
    claim = inbox.claim(kept, max_attempts=3)
    assert claim is not None
    assert (claim.event, claim.attempt) == ("page_created", 1)
    assert inbox.read(claim) == PAYLOAD
    assert inbox.claim(kept, max_attempts=3) is None
    assert inbox.close(claim, Status.DONE)
    assert not inbox.close(claim, Status.PARKED)
    assert inbox.claim(kept, max_attempts=3) is None
    assert row(kept).status == Status.DONE


def test_of_many_workers_one_gets_a_delivery(
    each_database: None, app: Flask, inbox: Inbox, store: Store
) -> None:
    kept = store()
    start = threading.Barrier(6)
    claims: list[Any] = []

    def work() -> None:
        with app.app_context():
            start.wait(20)
            claims.append(inbox.claim(kept, max_attempts=3))

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claims) == 6
    assert sum(claim is not None for claim in claims) == 1


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
    killed = inbox.claim(kept, max_attempts=3)
    assert killed is not None
    assert row(kept).due_at <= utc_now() + LEASE
    change(kept, due_at=utc_now())
    other = inbox.claim(kept, max_attempts=3)
    assert other is not None
    assert other.attempt == 2
    assert not inbox.renew(killed)
    assert not inbox.close(killed, Status.DONE)
    assert not inbox.postpone(killed, timedelta(0), "")
    assert inbox.close(other, Status.DONE)


def test_a_delivery_that_kills_every_worker_is_parked(
    inbox: Inbox, store: Store
) -> None:
    kept = store(attempts=3, status=Status.RUNNING, lease="killed", due_at=utc_now())
    assert inbox.claim(kept, max_attempts=3) is None
    parked = row(kept)
    assert (parked.status, parked.error) == (
        Status.PARKED,
        "its worker died each time",
    )


def test_a_running_handler_keeps_its_lease(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    claim = inbox.claim(store(), max_attempts=3)
    assert claim is not None
    before = row(claim.id).due_at
    with Lease(inbox, claim):
        wait_until(lambda: row(claim.id).due_at > before)
        change(claim.id, lease="another")
        wait_until(lambda: not is_renewed(claim.id))
    assert not is_renewed(claim.id)


def test_a_handler_that_hangs_keeps_its_lease_for_a_time_only(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr("app.connect.webhooks.lease.MAX_RENEWALS", 2)
    claim = inbox.claim(store(), max_attempts=3)
    assert claim is not None
    with Lease(inbox, claim):
        wait_until(lambda: not is_renewed(claim.id))


def test_a_database_that_fails_for_a_moment_ends_no_lease(
    inbox: Inbox,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.lease.LEASE", timedelta(seconds=0.03))
    claim = inbox.claim(store(), max_attempts=3)
    assert claim is not None
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE webhook_delivery RENAME TO away"))
    with Lease(inbox, claim):
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


@pytest.fixture
def sweep(app: Flask) -> Callable[[], int]:
    task: Callable[[], int] = app.extensions["celery"].tasks[SWEEP]
    return task


def test_the_sweeper_tells_of_what_waits_too_long(
    each_database: None, sweep: Callable[[], int], store: Store, told: Told
) -> None:
    past = utc_now() - timedelta(seconds=1)
    waiting = [store(str(number), enqueue_at=past) for number in range(3)]
    store("new")
    assert sweep() == 3
    assert sorted(args[0] for name, args in told() if name == RUN) == waiting
    assert sweep() == 0


def test_the_sweeper_tells_of_everything_that_waits(
    sweep: Callable[[], int],
    store: Store,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.connect.webhooks.tasks.SWEEP_BATCH", 2)
    for number in range(5):
        store(str(number), enqueue_at=utc_now())
    assert sweep() == 5
    assert len(told()) == 5


def test_the_sweeper_tells_again_but_less_and_less_often(
    each_database: None, sweep: Callable[[], int], store: Store
) -> None:
    kept = store()
    waits = []
    for _ in range(6):
        change(kept, enqueue_at=utc_now())
        before = utc_now()
        assert sweep() == 1
        waits.append(round((row(kept).enqueue_at - before) / REMIND))
    assert waits == [1, 2, 4, 8, 10, 10]
    assert REMIND * 10 == MAX_REMIND


def test_a_broker_that_is_down_leaves_everything_to_the_next_sweep(
    sweep: Callable[[], int], store: Store, broken_broker: None
) -> None:
    kept = store(enqueue_at=utc_now())
    before = row(kept)
    assert sweep() == 0
    assert row(kept) == before


def test_the_sweeper_leaves_what_is_over_alone(
    sweep: Callable[[], int], inbox: Inbox, store: Store
) -> None:
    claim = inbox.claim(store(), max_attempts=3)
    assert claim is not None
    change(claim.id, enqueue_at=utc_now())
    assert inbox.close(claim, Status.PARKED, "x" * 999)
    assert sweep() == 0
    assert row(claim.id).error == "x" * 255


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
        claim = other.claim(kept, max_attempts=1)
        assert claim is not None
        assert other.read(claim) == PAYLOAD
