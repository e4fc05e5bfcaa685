"""gunicorn and granian, started for real: what they let through, and how they stop."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.config import ROOT
from tests import example, installing, signing
from tests.conftest import only_handlers_of
from tests.databases import copy_tables
from tools.processes import free_port

pytestmark = pytest.mark.processes

APP = "tests.servers.slow_app:app"
COMMANDS = {
    "gunicorn": ["-m", "gunicorn", APP],
    "granian": ["fast_server.py", APP],
}
START_SECONDS = 60
END = b"Host: app.example.com\r\nConnection: close\r\n\r\n"
SECOND = b"GET /healthz HTTP/1.1\r\nHost: app.example.com\r\n\r\n"


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def send(self, request: bytes) -> bytes:
        """Return everything that it answers until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            connection.sendall(request)
            answer = b""
            while chunk := connection.recv(65_536):
                answer += chunk
        return answer

    def status(self, request: bytes) -> int:
        """Return the status of the only answer."""
        answer = self.send(request)
        assert answer.count(b"HTTP/1.1 ") == 1, answer
        return int(answer.split(b" ", 2)[1])


@pytest.fixture(scope="module", params=COMMANDS)
def server(
    request: pytest.FixtureRequest,
    tables: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server with one installed tenant."""
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    settings = {
        "SECRET_KEY": "of the tests of the servers, long enough",
        "DATABASE_URL": f"sqlite:///{folder / 'app.sqlite3'}",
        "CONNECT_BASE_URL": signing.BASE_URL,
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_KEY_SERVERS": signing.KEY_SERVER,
    }
    copy_tables(tables, settings["DATABASE_URL"])
    with only_handlers_of(example):
        installing.install(example.create_app(settings))
    bind = {"BIND": f"127.0.0.1:{port}", "PORT": str(port), "WEB_CONCURRENCY": "1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[request.param]],
            cwd=ROOT,
            env={**os.environ, **settings, **bind},
            stdout=log,
            stderr=log,
        )
    found = Server(request.param, port, process)
    try:
        _wait_for(found, folder / "log")
        yield found
    finally:
        process.kill()
        process.wait()


def _wait_for(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            assert server.status(b"GET /healthz HTTP/1.1\r\n" + END) == 200
            return
        except ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"{server.name} did not start: {log.read_text()}")


def get(target: str, *headers: bytes) -> bytes:
    """Return a GET request."""
    lines = [f"GET {target} HTTP/1.1".encode("latin-1"), *headers]
    return b"\r\n".join(lines) + b"\r\n" + END


def jwt(token: str) -> bytes:
    """Return the header that carries *token*."""
    return b"Authorization: JWT " + token.encode("latin-1")


def test_a_genuine_request_is_answered(server: Server) -> None:
    url = "/macros/greeting?greeting=%C3%A9+%2F&cp=%2Fwiki"
    assert server.status(get(f"{url}&jwt={signing.host_token(url=url)}")) == 200
    assert server.status(get("/api/context", jwt(signing.context_token()))) == 200


@pytest.mark.parametrize(
    ("target", "claims"),
    [
        pytest.param("/overview", {"secret": signing.OTHER_SECRET}, id="forged"),
        pytest.param("/overview", {"url": "/settings"}, id="for another URL"),
        pytest.param("/overview?a=1", {"url": "/overview"}, id="parameter added"),
        pytest.param("/overview", {"exp": 1}, id="expired"),
        pytest.param("/overview", {"algorithm": "HS512"}, id="another algorithm"),
        pytest.param("/api/context", {"url": "/api/context"}, id="another policy"),
    ],
)
def test_a_bad_token_is_refused(
    server: Server, target: str, claims: dict[str, Any]
) -> None:
    token = signing.host_token(**claims)
    assert server.status(get(target, jwt(token))) == 401


def test_a_request_with_two_tokens_is_refused(server: Server) -> None:
    token = signing.context_token()
    other = signing.context_token(sub="another")
    assert server.status(get("/api/context", jwt(token), jwt(other))) == 401
    assert server.status(get("/api/context", jwt(token), jwt("\xe9"))) == 401


def test_a_token_of_eight_kilobytes_reaches_the_app(server: Server) -> None:
    context = {"x": "a" * 5600}
    url = "/overview"
    target = f"{url}?jwt={signing.host_token(url=url, context=context)}"
    assert 7500 < len(target) < 8150
    assert server.status(get(target)) == 200
    assert server.status(get("/overview?jwt=" + "a" * 8100)) == 401


def test_a_head_of_more_than_the_limit_does_not_reach_the_app(server: Server) -> None:
    assert server.status(get("/healthz?" + "a" * 80_000)) in (400, 414, 431)
    assert server.status(get("/healthz", b"X-A: " + b"a" * 80_000)) in (400, 431)


def test_bytes_that_are_not_ascii_are_refused(server: Server) -> None:
    assert server.status(get("/overview?jwt=\xe9")) in (400, 401)
    assert server.status(get("/overview?loc=\xff")) in (400, 401)
    assert server.status(get("/overview", jwt("\xe9"))) in (400, 401)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6", id="two lengths"),
        pytest.param(b"Content-Length: +5", id="sign"),
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: xchunked", id="coding"),
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding : chunked", id="space"),
        pytest.param(b"Content-Length: 5\r\nX-A: b\r\n c", id="folded"),
    ],
)
def test_an_ambiguous_body_is_refused(server: Server, headers: bytes) -> None:
    head = b"POST /healthz HTTP/1.1\r\nHost: app.example.com\r\n"
    assert server.status(head + headers + b"\r\n\r\n0\r\n\r\n" + SECOND) in (400, 501)


def test_no_second_request_is_taken_from_a_body_with_two_lengths(
    server: Server,
) -> None:
    head = (
        b"POST /healthz HTTP/1.1\r\nHost: app.example.com\r\n"
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert server.status(head + b"0\r\n\r\n" + SECOND) in (400, 405)


def test_a_stop_lets_requests_end(server: Server) -> None:
    # The last test of this module: it ends the server.
    answers: list[bytes] = []
    slow = threading.Thread(target=lambda: answers.append(server.send(get("/slow"))))
    slow.start()
    time.sleep(0.3)
    server.process.terminate()
    slow.join(30)
    assert answers[0].endswith(b"done")
    assert server.process.wait(30) == 0
