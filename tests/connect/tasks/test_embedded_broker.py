"""The embedded broker's file is ready before any two processes can use it at once."""

import multiprocessing
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from app.connect.db import sqlite as sqlite_settings
from app.connect.tasks.embedded_broker import prepare_embedded_broker
from tests.example import create_app

PROCESSES = 4


def celery_with(path: Path) -> Celery:
    celery = Celery("test", broker=f"sqla+sqlite:///{path}", set_as_current=False)
    celery.conf.task_default_queue = "own"
    return celery


def queues(path: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name FROM kombu_queue").fetchall()
    connection.close()
    return found


def test_an_app_makes_the_queue_of_its_embedded_broker(
    config: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "broker.sqlite3"
    config["CELERY_BROKER_URL"] = f"sqla+sqlite:///{path}"
    for _ in range(2):
        create_app(config)
    assert queues(path) == [(config["CELERY"]["task_default_queue"],)]


def prepare_together(barrier: Any, path: Path) -> None:
    celery = celery_with(path)
    barrier.wait(30)
    prepare_embedded_broker(celery)


def test_processes_that_start_together_do_not_collide(tmp_path: Path) -> None:
    path = tmp_path / "broker.sqlite3"
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    started = [
        context.Process(target=prepare_together, args=(barrier, path))
        for _ in range(PROCESSES)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * PROCESSES
    assert queues(path) == [("own",)]


@pytest.mark.parametrize("text", [None, "canary" * 1000])
def test_a_broker_that_cannot_be_used_does_not_keep_an_app_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = tmp_path / "broker.sqlite3"
    if text:
        path.write_text(text)
    else:
        path = tmp_path / "missing" / "broker.sqlite3"
    prepare_embedded_broker(celery_with(path))
    assert "see CELERY_BROKER_URL" in caplog.text
    assert "canary" not in caplog.text


def test_a_locked_broker_is_not_waited_for_without_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_settings, "BUSY_SECONDS", 0.01)
    path = tmp_path / "broker.sqlite3"
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("PRAGMA journal_mode=WAL")
    lock.execute("BEGIN EXCLUSIVE")
    prepare_embedded_broker(celery_with(path))
    lock.close()
    assert "see CELERY_BROKER_URL" in caplog.text


def test_another_broker_is_left_alone() -> None:
    prepare_embedded_broker(Celery("test", broker="memory://", set_as_current=False))
