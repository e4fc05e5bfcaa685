"""The wake-up: one message for all webhooks of a moment, off the request's path."""

import threading
from typing import Any

import pytest

from app.connect.errors import QueueUnavailableError
from app.connect.webhooks.wake_up import RUN, WakeUp


class Queue:
    """A broker that takes messages only while it is open."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.open = threading.Event()
        self.fails = False

    def send(self, *message: Any) -> None:
        assert self.open.wait(30)
        if self.fails:
            raise QueueUnavailableError("down")
        self.sent.append(message)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr("app.connect.webhooks.wake_up.PAUSE", 0.001)
    queue = Queue()
    monkeypatch.setattr("app.connect.webhooks.wake_up.get_queue", lambda: queue)
    return queue


def test_nobody_waits_for_the_broker_and_one_message_stands_for_many(
    queue: Queue,
) -> None:
    wake_up = WakeUp()
    for number in range(100):
        wake_up.send(number)
    queue.open.set()
    wake_up.wait()
    assert queue.sent[-1] == (RUN, 99)
    assert len(queue.sent) <= 2
    wake_up.send(100)
    wake_up.wait()
    assert queue.sent[-1] == (RUN, 100)


def test_a_broker_that_fails_is_told_of_the_next_ones(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    wake_up = WakeUp()
    queue.open.set()
    queue.fails = True
    wake_up.send(1)
    wake_up.wait()
    assert "webhooks wait for the next sweep: down" in caplog.text
    queue.fails = False
    wake_up.send(2)
    wake_up.wait()
    assert queue.sent == [(RUN, 2)]


def test_a_thread_that_cannot_start_fails_no_request_and_is_tried_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    wake_up = WakeUp()
    queue.open.set()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        wake_up.send(1)
    assert "webhooks wait for the next sweep: can't start" in caplog.text
    wake_up.send(2)
    wake_up.wait()
    assert queue.sent == [(RUN, 2)]


def test_waiting_for_nothing_ends_at_once() -> None:
    WakeUp().wait()
