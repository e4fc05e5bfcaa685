"""A host that hangs holds up its own tenant, and nobody else: on real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.config import ROOT
from tests import installing, signing
from tests.connect.http.raw_server import sending, serve

PAGES = 32
"""As many pages of the tenant whose host hangs are opened."""

HANG_SECONDS = 5
"""How long the app waits for it; half of the default, to be done sooner."""

BOUND = 1.0
"""How long everybody else may wait; longer on a machine that is busy already."""

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"value": 1}'
NEIGHBOUR = "neighbour"


@contextmanager
def hanging_host() -> Iterator[str]:
    """Run a host that accepts connections, and is silent."""
    end = threading.Event()
    with serve(lambda _: end.wait(60)) as origin:
        try:
            yield origin
        finally:
            end.set()


@contextmanager
def gunicorn(config: dict[str, Any], folder: Path) -> Iterator[str]:
    """Run the app under gunicorn with the settings that are shipped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config["CONNECT_REQUEST_WAIT_SECONDS"] = HANG_SECONDS
    settings = {name: str(value) for name, value in config.items() if name.isupper()}
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", address),
                "tests.example:create_app()",
            ],
            cwd=ROOT,
            env={**os.environ, **settings, "CELERY_BROKER_URL": "memory://"},
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(f"http://{address}/readyz", log)
        yield f"http://{address}"
    finally:
        # The threads that wait for the host would hold up a graceful end.
        process.send_signal(signal.SIGQUIT)
        process.wait(30)


def _wait_until_ready(url: str, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(url: str, client_key: str | None = None) -> tuple[int, float]:
    """Return the status, and the seconds until it is there."""
    headers = {}
    if client_key:
        headers = signing.authorization(signing.context_token(iss=client_key))
    begun = time.monotonic()
    status = requests.get(url, headers=headers, timeout=60).status_code
    return status, time.monotonic() - begun


@pytest.mark.processes
def test_while_one_host_hangs_the_pages_of_others_are_answered(
    app: Flask, config: dict[str, Any], tmp_path: Path
) -> None:
    with hanging_host() as hanging, serve(*[sending(ANSWER)] * 1000) as well:
        app.config["CONNECT_ALLOWED_HOSTS"] = ("127.0.0.1",)
        for client_key, origin in ((signing.CLIENT_KEY, hanging), (NEIGHBOUR, well)):
            installing.install(
                app,
                clientKey=client_key,
                baseUrl=f"{origin}/wiki",
                displayUrl=f"{origin}/wiki",
            )
        with gunicorn(config, tmp_path) as base, ThreadPoolExecutor(PAGES) as browsers:
            health, note = f"{base}/healthz", f"{base}/api/note"
            usual = 0.0
            for _ in range(5):
                for answer in (ask(health), ask(note, NEIGHBOUR)):
                    assert answer[0] == 200
                    usual = max(usual, answer[1])

            pages = [
                browsers.submit(ask, note, signing.CLIENT_KEY) for _ in range(PAGES)
            ]
            begun, longest = time.monotonic(), 0.0
            while time.monotonic() - begun < HANG_SECONDS / 2:
                for answer in (ask(health), ask(note, NEIGHBOUR)):
                    assert answer[0] == 200
                    longest = max(longest, answer[1])
                time.sleep(0.05)
            statuses = [page.result()[0] for page in pages]

    assert longest < max(BOUND, 5 * usual)
    # Most are refused at once; the others are given up in time.
    assert {503, 504} >= set(statuses)
    assert 504 in statuses
