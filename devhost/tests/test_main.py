"""``python -m devhost``: its start, its messages and its end."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from devhost.__main__ import main
from devhost.pages import bridge
from tests.fake_app import APP_KEY, FakeApp


@pytest.fixture
def lone_app(port: int) -> Iterator[FakeApp]:
    with FakeApp(key_server=f"http://localhost:{port}/install-keys") as app:
        yield app


def wait_and_signal(port: int, number: signal.Signals, pages: list[str]) -> None:
    deadline = time.monotonic() + 20
    url = f"http://localhost:{port}/devhost/api/ready"
    while not pages and time.monotonic() < deadline:
        try:
            answer = requests.get(url, timeout=30)
        except requests.RequestException:
            # Not there yet, or too busy to answer.
            continue
        if answer.ok:
            pages.append(answer.json()["page"])
    os.kill(os.getpid(), number)


def run_until_ready(
    port: int, *arguments: str, number: signal.Signals = signal.SIGTERM
) -> tuple[int, str]:
    pages: list[str] = []
    thread = threading.Thread(target=wait_and_signal, args=(port, number, pages))
    thread.start()
    code = main(["--port", str(port), *arguments])
    thread.join()
    return code, pages[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_installs_the_app_names_the_page_and_stops_cleanly(
    port: int,
    lone_app: FakeApp,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    state = str(tmp_path / "state")
    options = ("--app", f"{lone_app.base_url}/", "--state", state)
    code, page = run_until_ready(port, *options, number=number)
    expected = f"http://localhost:{port}/wiki/plugins/servlet/ac/{APP_KEY}/main"
    assert (code, page) == (0, expected)
    assert f"Open {expected}\n" in capsys.readouterr().out
    # Installed again at every start, so that app and host agree.
    run_until_ready(port, *options)
    first, second = lone_app.events("installed")
    assert first.body["clientKey"] == second.body["clientKey"]
    run_until_ready(port, *options, "--fresh")
    fresh = lone_app.events("installed")[-1]
    assert fresh.body["clientKey"] != first.body["clientKey"]


def test_without_an_app_it_waits_for_one(port: int, tmp_path: Path) -> None:
    code, page = run_until_ready(port, "--state", str(tmp_path / "state"))
    assert (code, page) == (0, f"http://localhost:{port}/wiki/")


def test_without_a_page_of_the_app_the_dashboard_is_named(
    port: int, tmp_path: Path
) -> None:
    keys = f"http://localhost:{port}/install-keys"
    with FakeApp(key_server=keys, descriptor={"modules": {}}) as app:
        _, page = run_until_ready(
            port, "--app", app.base_url, "--state", str(tmp_path / "state")
        )
    assert page == f"http://localhost:{port}/wiki/"


def test_a_missing_bridge_is_mentioned(
    port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bridge, "BRIDGE", tmp_path)
    with caplog.at_level(logging.WARNING, "devhost"):
        run_until_ready(port, "--state", str(tmp_path / "state"))
    assert "install_bridge" in caplog.text


@pytest.mark.parametrize("port", ["0", "65536", "x", "²", "-1"])
def test_a_port_is_a_number(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--port={port}"])
    assert "from 1 to 65535" in capsys.readouterr().err


def test_the_log_never_shows_a_query_string(
    port: int, lone_app: FakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "devhost"):
        run_until_ready(
            port, "--app", lone_app.base_url, "--state", str(tmp_path / "state")
        )
    own = [record.getMessage() for record in caplog.records if record.name == "devhost"]
    assert any(line.startswith("POST /wiki/rest/plugins/1.0/ 202") for line in own)
    assert not any("?" in line or "token=" in line for line in own)
