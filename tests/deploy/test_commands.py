"""The commands in deploy/: the same everywhere, and each one starts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from app.config import ROOT
from tests.deploy import files

PROGRAMS = Path(sys.executable).parent
SECONDS = 60

Settings = dict[str, str]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(files.in_compose, id="compose"),
        pytest.param(files.in_kubernetes, id="kubernetes"),
        pytest.param(files.in_systemd, id="systemd"),
    ],
)
def test_every_file_starts_the_same_processes(
    found: Callable[[], files.Commands],
) -> None:
    commands = files.in_procfile()
    # Heroku's name for what runs before a release.
    commands["migration"] = commands.pop("release")
    assert found() == commands


def test_the_image_starts_the_web_server() -> None:
    assert files.in_dockerfile() == files.in_procfile()["web"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The environment of the processes."""
    return {
        **os.environ,
        "BIND": "",
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "SECRET_KEY": "of the tests of the deployment, long enough",
        "CONNECT_BASE_URL": "https://app.example.com",
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
        "CELERY_BROKER_URL": f"sqla+sqlite:///{tmp_path / 'broker.sqlite3'}",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.mark.processes
def test_the_web_server_starts_on_the_migrated_database(
    tmp_path: Path, settings: Settings
) -> None:
    # As on a platform that sets PORT and asks for any address.
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    migration = files.in_procfile()["release"]
    subprocess.run(migration, cwd=ROOT, env=settings, check=True, timeout=SECONDS)
    with running("web", settings | {"PORT": str(port)}, tmp_path) as log:
        url = f"http://127.0.0.1:{port}/readyz"
        assert wait_for(lambda: _answers(url)), log.read_text()


@pytest.mark.processes
def test_the_worker_starts(tmp_path: Path, settings: Settings) -> None:
    # At its usual level it does not say when it is ready.
    with running("worker", settings, tmp_path, "--loglevel", "INFO") as log:
        assert wait_for(lambda: " ready." in log.read_text()), log.read_text()


@pytest.mark.processes
def test_beat_starts(tmp_path: Path, settings: Settings) -> None:
    with running("beat", settings, tmp_path) as log:
        assert wait_for(lambda: any(tmp_path.glob("schedule*"))), log.read_text()


@pytest.mark.skipif(
    not (shutil.which("systemd-analyze") or os.environ.get("CI")),
    reason="systemd-analyze is not installed; it comes with systemd",
)
def test_the_units_are_accepted_by_systemd(tmp_path: Path) -> None:
    for unit in (files.DEPLOY / "systemd").glob("*.service"):
        # It looks for the programs, which are elsewhere here.
        text = unit.read_text("utf-8").replace(
            "/srv/connect-app/.venv/bin", str(PROGRAMS)
        )
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@contextmanager
def running(
    name: str, settings: Settings, tmp_path: Path, *options: str
) -> Iterator[Path]:
    """Run a process of the Procfile; it must end in peace when it is told to."""
    command = [*files.in_procfile()[name], *options]
    schedule = str(tmp_path / "schedule")
    command = [schedule if part.startswith("/tmp/") else part for part in command]  # noqa: S108 - the path in the Procfile
    log = tmp_path / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdout=output, stderr=output
        )
    try:
        yield log
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> bool:
    """Return whether *condition* becomes true in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
