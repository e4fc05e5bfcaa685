"""Real workers on real brokers: if one is killed, another takes over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kombu import Connection
from kombu.exceptions import OperationalError

from app.config import ROOT
from app.connect.tenants.models import Tenant
from app.connect.webhooks.archive import Filter
from app.connect.webhooks.models import Status
from tests import signing
from tests.connect.conftest import BODY

URLS = {"redis": "redis://127.0.0.1:6379/15", "rabbitmq": "amqp://127.0.0.1:5672//"}
SECONDS = 60
POOLS = {"embedded": ["threads"], "redis": ["prefork"], "rabbitmq": ["prefork"]}

pytestmark = pytest.mark.processes


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def broker(
    request: pytest.FixtureRequest, config: dict[str, Any], tmp_path: Path
) -> Iterator[str]:
    """A broker. If the service is missing, fail in CI and skip elsewhere."""
    name: str = request.param
    queue = config["CELERY"]["task_default_queue"]
    if name == "embedded":
        config["CELERY_BROKER_URL"] = f"sqla+sqlite:///{tmp_path / 'broker.sqlite3'}"
        yield name
        return
    variable = f"TEST_{name.upper()}_URL"
    url = config["CELERY_BROKER_URL"] = os.environ.get(variable, URLS[name])
    try:
        with Connection(url, connect_timeout=5) as connection:
            connection.ensure_connection(max_retries=1, timeout=10)
    except OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no {name} answers at {url}; set {variable}")
    yield name
    with Connection(url) as connection:
        simple = connection.SimpleQueue(queue)
        simple.queue.delete()
        simple.close()


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[], list[str]]:
    """Return the lines that the handler has written."""
    path = tmp_path / "handler.log"
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def worker(broker: str, config: dict[str, Any], tmp_path: Path) -> Callable[[], Any]:
    """Start a worker with a beat; kill it at the end at the latest."""
    environment = {
        name: str(value) for name, value in config.items() if isinstance(value, str)
    }
    environment["TEST_LOG"] = str(tmp_path / "handler.log")
    environment["TEST_QUEUE"] = config["CELERY"]["task_default_queue"]
    command = [sys.executable, "-m", "celery"]
    command += ["--app", "tests.connect.webhooks.worker_app:celery", "worker"]
    command += ["--beat", "--schedule", str(tmp_path / "beat"), "--concurrency", "2"]
    command += ["--pool", *POOLS[broker]]

    @contextmanager
    def run() -> Iterator[subprocess.Popen[bytes]]:
        # Two workers with the same name would share a control queue.
        name = ["--hostname", f"{uuid4()}@test"]
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *name],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    return run


# kombu's own models use what SQLAlchemy 2.1 deprecates.
@pytest.mark.filterwarnings("ignore:The ``noload``:sqlalchemy.exc.SADeprecationWarning")
def test_the_delivery_of_a_killed_worker_is_run_by_another(
    broker: str,
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    worker: Callable[[], Any],
    lines: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    webhooks = app.extensions["connect.webhooks"]

    def wait_for(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
            time.sleep(0.05)

    def is_done() -> bool:
        with app.app_context():
            return bool(webhooks.archive.count(Filter(status=(Status.DONE,))))

    token = signing.host_token("POST", "/webhooks/page_created")
    answer = client.post(
        "/webhooks/page_created", json=BODY, headers=signing.authorization(token)
    )
    webhooks.wake_up.wait()
    app.extensions["connect.tasks"].close()
    assert answer.status_code == 204
    with worker():
        wait_for(lambda: lines() == ["begun 1"])
    with worker():
        wait_for(is_done)
    assert lines() == ["begun 1", "begun 2", "ended 2"]
