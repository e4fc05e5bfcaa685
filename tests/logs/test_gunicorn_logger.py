"""gunicorn's access log and warnings, from a real gunicorn."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import ROOT, SETTINGS
from tests import signing
from tools.processes import free_port

# A server of another kind that shares gunicorn.conf.py: the log needs no Connect app.
WSGI = """
from app import logs
from app.connect.http.request_id import RequestId

logs.configure()

def answer(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise ValueError("failed")
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]

application = RequestId(answer)
"""
TOKEN = signing.host_token()

pytestmark = pytest.mark.processes

Ask = Callable[[bytes], bytes]


@pytest.fixture(params=["text", "json"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, Ask, Callable[[], list[str]]]]:
    """A gunicorn with its access log: the format, a client, and the log so far."""
    (tmp_path / "answer.py").write_text(WSGI)
    port, log = free_port(), tmp_path / "gunicorn.log"
    environment = dict.fromkeys(SETTINGS, "") | {
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "LOG_FORMAT": request.param,
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
    }
    command = [sys.executable, "-m", "gunicorn", "--access-logfile", "-", "answer"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )

    def ask(sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(sent)
            return connection.recv(10_000)

    def lines() -> list[str]:
        # What is asked last is logged after its answer.
        deadline = time.monotonic() + 30
        while "ValueError: failed" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        return log.read_text().splitlines()

    try:
        for _ in range(600):
            if "Booting worker" in log.read_text():
                break
            time.sleep(0.1)
        yield request.param, ask, lines
    finally:
        process.terminate()
        process.wait(20)


def request_of(target: bytes, headers: bytes = b"") -> bytes:
    end = b"Connection: close\r\n\r\n"
    return b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n" + headers + end


def test_what_gunicorn_logs_has_one_form_and_no_token(
    server: tuple[str, Ask, Callable[[], list[str]]],
) -> None:
    form, ask, lines = server
    token = TOKEN.encode()
    assert b"X-Request-Id: r-1\r\n" in ask(
        request_of(b"/page?jwt=" + token, b"X-Request-Id: r-1\r\n")
    )
    ask(request_of(b'/x%0a127.0.0.1%20"GET%20/admin%1b[2J'))
    # gunicorn refuses a request line that is not ASCII, and quotes it.
    ask(request_of(b"/\xc3\xa9?jwt=" + token))
    ask(request_of(b"/p?jwt=" + token + b" HTTP/1.1"))
    assert b" 500 " in ask(request_of(b"/fail?jwt=" + token))

    found = lines()
    log = "\n".join(found)
    assert "jwt=" not in log
    assert TOKEN.rpartition(".")[2] not in log
    assert "\x1b" not in log
    assert "Invalid request from" in log or "Invalid HTTP request line" in log
    assert "ValueError: failed" in log
    if form == "json":
        said = [json.loads(line) for line in found]
        # Each thread logs after its answer, so their order is not that of the requests.
        access = {line.get("path"): line for line in said}
        page = access["/page"]
        assert isinstance(page.pop("ms"), float)
        assert page.pop("time").endswith("Z")
        assert page.pop("message").startswith("GET /page 200 ")
        assert page == {
            "level": "INFO",
            "logger": "gunicorn.access",
            "request_id": "r-1",
            "client_key": None,
            "method": "GET",
            "path": "/page",
            "status": "200",
            "bytes": 5,
        }
        assert "/x%0A127.0.0.1%20%22GET%20/admin%1B%5B2J" in access
    else:
        start = re.compile(r"[0-9T:.-]{23}Z (INFO|WARNING|ERROR) gunicorn\.\w+ |    ")
        assert all(start.match(line) for line in found)
        assert re.search(
            r"INFO gunicorn.access r-1 - GET /page 200 5 [0-9.]+ms$", log, re.M
        )
        forged = r" - GET /x%0A127\.0\.0\.1%20%22GET%20/admin%1B%5B2J 200 5 [0-9.]+ms$"
        assert re.search(forged, log, re.M)


def test_no_client_says_where_the_app_begins(server: Any) -> None:
    _, ask, _ = server
    for path in (b"/a", b"/elsewhere"):
        assert b" 200 OK" in ask(request_of(b"/a/b", b"SCRIPT_NAME: " + path + b"\r\n"))
