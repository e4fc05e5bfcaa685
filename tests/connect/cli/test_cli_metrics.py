"""``flask connect metrics``: the listener for Prometheus."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from prometheus_client import CollectorRegistry
from sqlalchemy import insert

from app.config import ROOT
from app.connect.cli.metrics import DatabaseCollector
from app.connect.db.columns import utc_now
from app.connect.tenants.state import get_state
from app.connect.webhooks.inbox import record
from app.connect.webhooks.models import Status
from app.extensions import db
from tests.connect.cli.commands import connect, install, uninstall

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
ADDS_ONE = """
from app.connect.metrics import ANSWERS
ANSWERS.labels(200).inc()
"""


def collected(app: Flask, name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    with app.app_context():
        registry.register(DatabaseCollector())
    return registry.get_sample_value(name, labels)


@pytest.mark.usefixtures("each_database")
def test_tenants_are_counted_by_state(app: Flask) -> None:
    for number in range(6):
        install(app, f"key-{number}")
    with app.app_context():
        get_state().tenants.set_enabled(
            "key-0", enabled=False, issued_at=utc_now().timestamp()
        )
    for number in (1, 2):
        uninstall(app, f"key-{number}", days_ago=1)
    found = {
        state: collected(app, "connect_tenants", state=state)
        for state in ("enabled", "disabled", "uninstalled")
    }
    assert found == {"enabled": 3, "disabled": 1, "uninstalled": 2}
    assert collected(app, "connect_database_up") == 1


def test_open_webhooks_are_counted_and_the_oldest_has_an_age(app: Flask) -> None:
    assert collected(app, "connect_webhooks_open") == 0
    assert collected(app, "connect_webhooks_oldest_seconds") == 0
    now = utc_now()
    usual: dict[str, Any] = {
        **{"client_key": "key", "event": "page_updated", "payload": ""},
        **{"received_at": now, "due_at": now, "attempts": 0, "sent": 0},
    }
    waits = {"fingerprint": "1", "status": Status.RECEIVED, "enqueue_at": now}
    done = {"fingerprint": "2", "status": Status.DONE, "enqueue_at": None}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(record), [usual | waits, usual | done])
    assert collected(app, "connect_webhooks_open") == 1
    age = collected(app, "connect_webhooks_oldest_seconds")
    assert age is not None
    assert age > 0


@pytest.mark.usefixtures("expendable_tables")
def test_a_database_that_is_down_is_a_metric_too(app: Flask) -> None:
    with app.app_context():
        db.drop_all()
    assert collected(app, "connect_database_up") == 0
    assert collected(app, "connect_webhooks_open") is None


def test_the_folder_must_be_set(app: Flask) -> None:
    done = connect(app, "metrics")
    assert done.exit_code == 1
    assert f"{FOLDER} is not set" in done.output


@pytest.mark.parametrize("address", ["9102", "host:", "host:x", "host:65536", ":1"])
def test_the_address_must_be_one(app: Flask, tmp_path: Path, address: str) -> None:
    app.config[FOLDER] = str(tmp_path)
    done = connect(app, "metrics", "--bind", address)
    assert done.exit_code == 2
    assert "is not HOST:PORT" in done.output


@pytest.mark.processes
def test_all_processes_are_added_up(app: Flask, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        **{
            name: str(app.config[name])
            for name in ("SECRET_KEY", "DATABASE_URL", "CONNECT_BASE_URL")
        },
        "CONNECT_ENCRYPTION_KEYS": ",".join(app.config["CONNECT_ENCRYPTION_KEYS"]),
        FOLDER: str(tmp_path),
    }
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", ADDS_ONE], cwd=ROOT, env=environment, check=True
        )
    with _serving(environment) as url:
        text = requests.get(url, timeout=30).text
        assert 'connect_answers_total{status="200"} 2.0' in text
        assert 'connect_tenants{state="enabled"} 0.0' in text


@contextmanager
def _serving(environment: dict[str, str]) -> Iterator[str]:
    command = ["-m", "flask", "--app", "wsgi", "connect", "metrics"]
    process = subprocess.Popen(
        [sys.executable, *command, "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None
        yield found[0]
    finally:
        process.terminate()
        process.communicate()
