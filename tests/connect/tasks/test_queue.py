"""The task queue: timeouts, and no waiting after a failure."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from app.connect.errors import QueueUnavailableError
from app.connect.tasks import queue as queue_module
from app.connect.tasks.queue import PAUSE, TaskQueue


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield int(server.getsockname()[1])


def queue_to(broker_url: str) -> TaskQueue:
    celery = Celery("test", broker=broker_url, set_as_current=False)
    celery.conf.task_ignore_result = True
    return TaskQueue(celery)


URLS = ["redis://user:canary@127.0.0.1:{}/0", "amqp://user:canary@127.0.0.1:{}//"]


@pytest.mark.parametrize("url", URLS)
def test_a_broker_that_is_down_is_noticed(url: str, closed_port: int) -> None:
    with pytest.raises(QueueUnavailableError) as caught:
        queue_to(url.format(closed_port)).send("task", 1)
    assert "CELERY_BROKER_URL" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", URLS)
def test_a_broker_that_is_silent_is_given_up(
    url: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "TIMEOUT", 0.2)
    monkeypatch.setitem(
        queue_module._TRANSPORT_OPTIONS,
        "redis",
        {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    )
    with pytest.raises(QueueUnavailableError):
        queue_to(url.format(silent_port)).send("task", 1)


def test_an_embedded_broker_without_its_folder_is_noticed(tmp_path: Any) -> None:
    with pytest.raises(QueueUnavailableError):
        queue_to(f"sqla+sqlite:///{tmp_path}/missing/b.sqlite3").send("task", 1)


def test_after_a_failure_nobody_waits_for_the_broker(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = queue_to(URLS[0].format(closed_port))
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now)
    with pytest.raises(QueueUnavailableError, match="did not accept"):
        queue.send("task", 1)
    with pytest.raises(QueueUnavailableError, match="failed a moment ago"):
        queue.send("task", 1)
    monkeypatch.setattr("time.monotonic", lambda: now + PAUSE)
    with pytest.raises(QueueUnavailableError, match="did not accept"):
        queue.send("task", 1)


def test_an_embedded_broker_that_is_locked_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"connect_args": {"timeout": 0.1}}
    monkeypatch.setitem(queue_module._TRANSPORT_OPTIONS, "sqla+sqlite", options)
    path = tmp_path / "broker.sqlite3"
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("PRAGMA journal_mode=WAL")
    lock.execute("BEGIN EXCLUSIVE")
    with pytest.raises(QueueUnavailableError):
        queue_to(f"sqla+sqlite:///{path}").send("task", 1)
    lock.close()


def test_a_file_that_is_no_broker_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "broker.sqlite3"
    path.write_text("canary" * 1000)
    with pytest.raises(QueueUnavailableError) as caught:
        queue_to(f"sqla+sqlite:///{path}").send("task", 1)
    assert "canary" not in str(caught.value)


def test_what_json_cannot_hold_is_the_callers_mistake() -> None:
    queue = queue_to("memory://")
    with pytest.raises(
        TypeError, match="a task's arguments can't be serialized as JSON"
    ):
        queue.send("task", object())
    queue.send("task", 1)
    queue.close()
    queue.close()
