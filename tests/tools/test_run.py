"""``python -m tools.run``: the app and the local Confluence together."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from app.config import ROOT
from tools.dotenv import create_dotenv
from tools.processes import Child
from tools.run import app_environment, main

EXAMPLE = "# Settings\nSECRET_KEY=\nCONNECT_ENCRYPTION_KEYS=\nOTHER=1\n"
# A wsgi module as `make run` expects it, with a lifecycle that accepts everything.
WSGI = """
import os
from celery import Celery
from flask import Flask, request
import click

app = Flask("wsgi")
celery = Celery("wsgi", broker="memory://")
base_url = os.environ.get("CONNECT_BASE_URL")

@app.get("/healthz")
def healthz():
    return "ok"

@app.get("/atlassian-connect.json")
def descriptor():
    return {
        "key": "com.example.run", "name": "Run", "baseUrl": base_url,
        "authentication": {"type": "jwt"}, "lifecycle": {"installed": "/installed"},
        "modules": {"generalPages": [
            {"key": "main", "name": {"value": "Main"}, "url": "/main"}]},
    }

@app.post("/installed")
def installed():
    return "", int(os.environ.get("INSTALLED_STATUS", "204"))

@celery.on_after_configure.connect
def note(sender, **about):
    if os.environ.get("WORKER_FAILS"):
        raise SystemExit(7)
    open("worker.txt", "w").close()

@app.post("/die")
def die():
    os.kill(os.getppid(), 9)
    os._exit(1)

@app.cli.group("connect")
def connect():
    pass

@connect.command("new-secrets")
def new_secrets():
    click.echo("SECRET_KEY=" + "s" * 64)
    click.echo("CONNECT_ENCRYPTION_KEYS=" + "k" * 44)

@app.cli.group("db")
def db():
    pass

@db.command()
def upgrade():
    if os.environ.get("UPGRADE_FAILS"):
        raise SystemExit(3)
    click.echo("upgraded")
"""
GUNICORN = 'import os\nbind = os.environ["BIND"]\n'

pytestmark = pytest.mark.processes


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE)
    (tmp_path / "wsgi.py").write_text(WSGI)
    (tmp_path / "gunicorn.conf.py").write_text(GUNICORN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def arguments(ports: tuple[int, int]) -> list[str]:
    return ["--app-port", str(ports[0]), "--port", str(ports[1])]


def when_ready(port: int, act: str) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 60
        url = f"http://localhost:{port}/devhost/api/ready"
        while time.monotonic() < deadline:
            try:
                if requests.get(url, timeout=30).ok:
                    break
            except requests.RequestException:
                continue
        if act == "signal":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            try:
                requests.post(act, timeout=30)
            except requests.RequestException:
                return

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_both_run_and_stop_cleanly(
    repository: Path, ports: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    thread = when_ready(ports[1], "signal")
    assert main(arguments(ports)) == 0
    thread.join()
    output, errors = capfd.readouterr()
    assert "upgraded" in output
    assert "Wrote .env" in output
    assert "Traceback" not in errors
    assert is_free(ports[0])
    assert is_free(ports[1])
    assert (repository / "worker.txt").exists()
    assert stat.S_IMODE((repository / ".env").stat().st_mode) == 0o600


def test_it_ends_with_the_page_to_open_and_on_sigterm_with_exit_code_0(
    repository: Path, ports: tuple[int, int]
) -> None:
    command = [sys.executable, "-m", "tools.run", *arguments(ports)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Open "):
                process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, lines
    page = f"http://localhost:{ports[1]}/wiki/plugins/servlet/ac/com.example.run/main"
    assert f"Open {page}  (Ctrl-C stops both)\n" in lines
    assert "Traceback" not in "".join(lines)


def test_if_the_app_dies_the_site_is_stopped(
    repository: Path, ports: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    thread = when_ready(ports[1], f"http://127.0.0.1:{ports[0]}/die")
    assert main(arguments(ports)) == 1
    thread.join()
    assert "the app (gunicorn) ended with exit code -9" in capfd.readouterr().err
    assert is_free(ports[1])


def test_if_the_worker_ends_both_are_stopped(
    repository: Path,
    ports: tuple[int, int],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKER_FAILS", "1")
    assert main(arguments(ports)) == 1
    assert "the worker (celery) ended with exit code" in capfd.readouterr().err
    assert is_free(ports[0])
    assert is_free(ports[1])


def test_a_failed_step_is_named(
    repository: Path,
    ports: tuple[int, int],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UPGRADE_FAILS", "1")
    assert main(arguments(ports)) == 1
    assert "flask db upgrade failed with exit code 3" in capfd.readouterr().err


def test_a_refused_installation_stops_the_app(
    repository: Path,
    ports: tuple[int, int],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INSTALLED_STATUS", "401")
    assert main(arguments(ports)) == 1
    errors = capfd.readouterr().err
    assert "returned HTTP response code 401" in errors
    assert "the local Confluence ended with exit code 1" in errors
    assert is_free(ports[0])


@pytest.mark.parametrize(("which", "option"), [(0, "--app-port"), (1, "--port")])
def test_a_port_in_use_is_named_first(
    repository: Path,
    ports: tuple[int, int],
    capfd: pytest.CaptureFixture[str],
    which: int,
    option: str,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[which]))
        taken.listen()
        assert main(arguments(ports)) == 1
    message = capfd.readouterr().err
    assert f"port {ports[which]} is in use" in message
    assert option in message
    assert not (repository / ".env").exists()


def test_an_existing_dotenv_is_left_alone(repository: Path) -> None:
    dotenv = repository / ".env"
    assert create_dotenv(repository / ".env.example", dotenv)
    assert dotenv.read_text().splitlines() == [
        "# Settings",
        "SECRET_KEY=" + "s" * 64,
        "CONNECT_ENCRYPTION_KEYS=" + "k" * 44,
        "OTHER=1",
    ]
    before = dotenv.read_text()
    assert not create_dotenv(repository / ".env.example", dotenv)
    assert dotenv.read_text() == before


def test_other_ports_reach_the_app_through_its_environment() -> None:
    assert "CONNECT_KEY_SERVERS" not in app_environment(8080, 8090)
    environment = app_environment(8081, 8091)
    assert environment["CONNECT_BASE_URL"] == "http://127.0.0.1:8081"
    assert environment["CONNECT_KEY_SERVERS"] == "http://localhost:8091/install-keys"


@pytest.mark.parametrize("port", [8080, 8081])
def test_the_app_listens_on_loopback_only(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "5000")
    monkeypatch.setenv("BIND", "0.0.0.0:5000")
    assert app_environment(port, 8090)["BIND"] == f"127.0.0.1:{port}"


def test_a_process_that_will_not_stop_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.processes.STOP_SECONDS", 0.1)
    stubborn = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); signal.pause()"
    )
    child = Child("stubborn", ["-c", stubborn], dict(os.environ))
    assert child.wait(1) is None
    child.stop()
    assert child.wait(1) == -signal.SIGKILL
