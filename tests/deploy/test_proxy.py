"""The proxy in front of the app: nginx with the configuration in deploy/."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template

import pytest
import requests

from tests.deploy.files import DEPLOY

NAME = "app.example.com"
SECONDS = 20

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not (shutil.which("nginx") or os.environ.get("CI")),
        reason="nginx is not installed; apt install nginx-light",
    ),
]


class App(BaseHTTPRequestHandler):
    """Answers with what it was asked, as gunicorn would see it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the headers that the proxy sent."""
        asked = f"{self.requestline}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(asked)))
        self.end_headers()
        self.wfile.write(asked)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class AppServer(ThreadingHTTPServer):
    """The app; counts its connections."""

    connections = 0

    def process_request(self, request: object, client_address: object) -> None:
        """Note a connection."""
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]  # as typeshed names them


@dataclass(frozen=True)
class Proxy:
    """A running nginx, its log, and the app behind it."""

    port: int
    log: Path
    app: AppServer

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask for *path*."""
        return requests.get(
            f"http://127.0.0.1:{self.port}{path}",
            headers={"Host": NAME, **headers},
            timeout=SECONDS,
        )

    def logged(self) -> list[str]:
        """Return the lines of the log, once there are any."""
        deadline = time.monotonic() + SECONDS
        while not (text := self.log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return text.splitlines()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """Nginx in front of an app that echoes requests."""
    app = AppServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    try:
        with _running_nginx(tmp_path, port, app.server_port) as log:
            yield Proxy(port, log, app)
    finally:
        app.shutdown()
        app.server_close()


def test_the_longest_iframe_url_arrives_and_no_token_is_logged(proxy: Proxy) -> None:
    path = f"/page?jwt={'x' * 8000}"
    answer = proxy.get(path, Referer="https://app.example.com/?jwt=canary")
    assert answer.status_code == 200
    assert answer.text.startswith(f"GET {path} HTTP/1.1\n")
    [line] = proxy.logged()
    assert " 200 " in line
    assert "jwt" not in line


def test_the_app_learns_the_address_and_an_id_of_the_request(proxy: Proxy) -> None:
    answer = proxy.get("/", **{"X-Forwarded-For": "192.0.2.1", "X-Request-Id": "mine"})
    assert "X-Forwarded-For: 192.0.2.1, 127.0.0.1\n" in answer.text
    # Made by the proxy, so that nobody can choose it.
    assert "X-Request-Id: mine" not in answer.text
    assert "X-Request-Id: " in answer.text


def test_a_path_cannot_forge_a_line_of_the_log(proxy: Proxy) -> None:
    proxy.get("/a%0aforged%1b%22")
    [line] = proxy.logged()
    assert line.isprintable()


def test_another_name_gets_no_answer(proxy: Proxy) -> None:
    with pytest.raises(requests.ConnectionError):
        proxy.get("/", Host="evil.example.com")
    assert proxy.app.connections == 0


def test_an_unfinished_request_does_not_reach_the_app(proxy: Proxy) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 10\r\n"
    unfinished = [head, f"{head}\r\nhalf"]
    with socket.create_connection(("127.0.0.1", proxy.port)) as one:
        with socket.create_connection(("127.0.0.1", proxy.port)) as other:
            one.sendall(unfinished[0].encode())
            other.sendall(unfinished[1].encode())
            # The proxy has read them by the time it answers a later request.
            assert proxy.get("/").status_code == 200
            assert proxy.app.connections == 1


@contextmanager
def _running_nginx(tmp_path: Path, port: int, app_port: int) -> Iterator[Path]:
    log = tmp_path / "access.log"
    template = (DEPLOY / "nginx" / "app.conf.template").read_text("utf-8")
    server = Template(template).safe_substitute(
        APP_ADDRESS=f"127.0.0.1:{app_port}", SERVER_NAME=NAME
    )
    # What differs from the image: the port, and where the logs and bodies go.
    for there, here in {
        "listen 8000": f"listen 127.0.0.1:{port}",
        "/dev/stdout": str(log),
        "/dev/stderr": str(tmp_path / "error.log"),
    }.items():
        assert there in server
        server = server.replace(there, here)
    configuration = tmp_path / "nginx.conf"
    folders = "".join(
        f"{kind}_temp_path {tmp_path};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration.write_text(
        f"daemon off;\nmaster_process off;\npid {tmp_path}/pid;\n"
        f"error_log {tmp_path}/error.log crit;\n"
        f"events {{}}\nhttp {{\n{folders}{server}}}\n",
        "utf-8",
    )
    process = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", configuration])
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        log.write_text("", "utf-8")
        yield log
    finally:
        process.terminate()
        process.wait()
