"""Fixtures: gunicorn, a worker, the local Confluence and Chromium, as processes."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

from app.config import ROOT
from tests.signing import APP_KEY

START_SECONDS = 30
WORKER = ["-m", "celery", "--app", "wsgi:celery", "worker"]
WORKER += ["--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"]
STOP_SECONDS = 20
# What no log may hold: a token, a token in a URL or header, a key, a stored secret.
FORBIDDEN = (
    r"eyJ[\w-]{4,}\.[\w-]+\.[\w-]+",
    r"jwt=|session_token=|access_token=",
    r"(?i)authorization",
    r"-----BEGIN",
    r"gAAAA[\w-]{20,}",
)
ACCESS = r"INFO gunicorn\.access [0-9a-f]{16}"
LINE = re.compile(r"[0-9T:.-]{23}Z [A-Z]+ [\w.]+ [\w.-]+ [\w-]+ |    ")


@dataclass(frozen=True)
class Stack:
    """The addresses and the logs of the app and the site."""

    app: str
    site: str
    logs: Path

    def log(self) -> str:
        """Return the output of both."""
        return "".join(path.read_text() for path in sorted(self.logs.glob("*.log")))


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The app and a local Confluence that has it installed, seen by its admin."""
    yield running_stack
    url = f"{running_stack.site}/devhost/api/user"
    headers = {"Origin": running_stack.site}
    answer = requests.post(url, json={"user": "admin"}, headers=headers, timeout=30)
    assert answer.ok


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The processes, started once: a test must undo its changes."""
    tmp_path = tmp_path_factory.mktemp("stack")
    app_port, site_port = _free_port(), _free_port()
    stack = Stack(
        f"http://127.0.0.1:{app_port}", f"http://localhost:{site_port}", tmp_path
    )
    environment = {
        **os.environ,
        "PYTHONFAULTHANDLER": "1",
        # All that could be logged, so that it can be searched for secrets.
        "LOG_LEVEL": "DEBUG",
        "BIND": f"127.0.0.1:{app_port}",
        "SECRET_KEY": secrets.token_hex(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
        "CELERY_BROKER_URL": f"sqla+sqlite:///{tmp_path / 'broker.sqlite3'}",
        "CONNECT_APP_KEY": APP_KEY,
        "CONNECT_BASE_URL": stack.app,
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_ALLOWED_HOSTS": "localhost",
        "CONNECT_TENANT_CACHE_SECONDS": "1",
        "CONNECT_KEY_SERVERS": f"{stack.site}/install-keys",
        "CONNECT_ALL_JS_URL": f"{stack.site}/wiki/atlassian-connect/all.js",
    }
    upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(upgrade, cwd=ROOT, env=environment, check=True)
    processes = []
    try:
        gunicorn = ["-m", "gunicorn", "--access-logfile", "-", "wsgi:app"]
        processes.append(_start(gunicorn, environment, tmp_path / "app.log"))
        _wait_for(f"{stack.app}/healthz", stack)
        processes.append(_start(WORKER, environment, tmp_path / "worker.log"))
        devhost = ["-m", "devhost", "--app", stack.app, "--port", str(site_port)]
        devhost += ["--state", str(tmp_path / "site.sqlite3")]
        processes.append(_start(devhost, environment, tmp_path / "site.log"))
        _wait_for(f"{stack.site}/devhost/api/ready", stack)
        yield stack
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [_exit_code(process) for process in reversed(processes)]
    # A worker that has not begun yet has nothing to end, and dies of the signal.
    assert codes in ([0, 0, 0], [0, -signal.SIGTERM, 0]), stack.log()
    app_log = (tmp_path / "app.log").read_text()
    for line in app_log.splitlines():
        assert LINE.match(line), line
    assert re.search(f"{ACCESS} [0-9a-f-]{{36}} GET /overview 200 ", app_log)
    # Celery prints its own banner, too.
    for log in (app_log, (tmp_path / "worker.log").read_text()):
        _check_log(log, environment)


def _check_log(log: str, environment: dict[str, str]) -> None:
    """Check that no secret is in a log."""
    for pattern in FORBIDDEN:
        assert not re.search(pattern, log), pattern
    key = environment["CONNECT_ENCRYPTION_KEYS"]
    database = create_engine(environment["DATABASE_URL"])
    with database.connect() as connection:
        stored = connection.scalars(text("SELECT shared_secret FROM tenant")).all()
    database.dispose()
    assert stored
    secrets_ = [Fernet(key).decrypt(secret).decode() for secret in stored]
    for secret in (*secrets_, key, environment["SECRET_KEY"]):
        assert secret not in log


def _start(
    arguments: list[str], environment: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    """Wait for one that was asked to stop; if it hangs, it logs where."""
    try:
        return process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Python's fault handler prints every thread's stack.
        process.send_signal(signal.SIGABRT)
        return process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, stack: Stack) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} did not answer:\n{stack.log()}")
