"""The Celery app: its settings, and the app context that its tasks run in."""

import logging
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, shared_task
from flask import Flask, current_app, has_app_context

from tests import signing
from tests.example import create_app


@shared_task(name="tests.base_url")
def base_url() -> str:
    return str(current_app.config["CONNECT_BASE_URL"])


def celery_of(app: Flask) -> Celery:
    celery: Celery = app.extensions["celery"]
    return celery


def test_a_task_runs_in_an_app_context(app: Flask) -> None:
    assert celery_of(app).tasks["tests.base_url"]() == signing.BASE_URL
    assert not has_app_context()


def test_each_app_has_a_celery_app_of_its_own(config: dict[str, Any]) -> None:
    one = create_app(config)
    other = create_app(config | {"CONNECT_BASE_URL": "https://other.example.com"})
    assert celery_of(one).tasks["tests.base_url"]() == signing.BASE_URL
    assert celery_of(other).tasks["tests.base_url"]() == "https://other.example.com"


def test_a_killed_worker_leaves_its_task_to_another(app: Flask) -> None:
    conf = celery_of(app).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1


def test_messages_are_json(app: Flask) -> None:
    conf = celery_of(app).conf
    assert list(conf.accept_content) == ["json"]
    assert conf.task_serializer == "json"


def test_the_broker_and_any_other_setting_come_from_the_config(
    config: dict[str, Any],
) -> None:
    url = "redis://127.0.0.1:6379/7"
    given = {
        "CELERY_BROKER_URL": url,
        "CELERY": {"task_soft_time_limit": 7, "task_acks_late": False},
    }
    conf = celery_of(create_app(config | given)).conf
    assert conf.broker_url == url
    assert conf.task_soft_time_limit == 7
    assert not conf.task_acks_late


# kombu's own models use what SQLAlchemy 2.1 deprecates.
@pytest.mark.filterwarnings("ignore:The ``noload``:sqlalchemy.exc.SADeprecationWarning")
def test_a_worker_reconnects_to_the_embedded_broker_as_often_as_it_must(
    config: dict[str, Any], tmp_path: Path
) -> None:
    config["CELERY_BROKER_URL"] = f"sqla+sqlite:///{tmp_path / 'broker.sqlite3'}"
    celery = celery_of(create_app(config))
    with ExitStack() as stack:
        # A connection that fails keeps its place in kombu's pool of 15 for a while.
        for _ in range(16):
            connection = stack.enter_context(celery.connection_for_read())
            channel: Any = connection.channel()
            channel.session.connection()


@shared_task(name="tests.fail", bind=True, max_retries=1)
def fail(task: Any, text: str, retry: bool = False) -> None:
    try:
        int(text)
    except ValueError as error:
        if retry:
            raise task.retry(exc=error, countdown=0) from error
        raise


@pytest.mark.parametrize("retry", [False, True])
def test_celery_logs_no_text_of_an_error_and_no_argument(
    app: Flask, caplog: pytest.LogCaptureFixture, retry: bool
) -> None:
    caplog.set_level(logging.INFO)
    celery_of(app).tasks["tests.fail"].apply(("canary", retry))
    assert re.search(
        r"Task tests.fail\[.*\] raised unexpected: ValueError\n", caplog.text
    )
    assert "    int(text)" in caplog.text
    assert caplog.text.endswith("\nValueError\n")
    assert (": Retry in 0s: ValueError\n" in caplog.text) is retry
    assert "canary" not in caplog.text + str([vars(r) for r in caplog.records])


def test_in_debug_mode_celery_logs_the_whole_error(
    config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    celery = celery_of(create_app(config | {"DEBUG": True}))
    celery.tasks["tests.fail"].apply(("canary",))
    assert "canary" in caplog.text
