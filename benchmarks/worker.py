"""A server under gunicorn, called over one keep-alive connection."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from .servers.probe import CPU_PATH

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
ANSWER_SECONDS = 30

# What a browser sends when Confluence's page loads an iframe.
_HEADERS = (
    "Host: app.example.com\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n\r\n"
)


class ServerError(Exception):
    """A server did not start, or its answer was incomplete."""


class Worker:
    """The single worker of ``benchmarks.servers.{name}``; a context manager."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._environment = environment
        self._log = log
        self._port = free_port()

    def __enter__(self) -> Self:
        settings = {"BIND": f"127.0.0.1:{self._port}", "WEB_CONCURRENCY": "1"}
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"),
                    f"benchmarks.servers.{self.name}:app",
                ],
                cwd=ROOT,
                env={**os.environ, **self._environment, **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self._socket = self._connect_first()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._stop()

    def reconnect(self) -> None:
        """Open a new connection, since gunicorn closes one that is idle for 2 s."""
        self._socket.close()
        self._socket = self._connect()

    def get(self, target: str) -> tuple[int, bytes]:
        """Return status and body of the answer to a GET.

        :raises ServerError: if the answer is missing or incomplete.
        """
        try:
            self._socket.sendall(f"GET {target} HTTP/1.1\r\n{_HEADERS}".encode())
            return self._read_answer()
        except (OSError, ValueError) as error:
            log = self._log.read_text(errors="replace")
            raise ServerError(f"{self.name}: {error}\n{log}") from None

    def cpu_nanoseconds(self) -> int:
        """Return the user and system time that the worker has used."""
        return int(self.get(CPU_PATH)[1])

    def _read_answer(self) -> tuple[int, bytes]:
        """Read one answer; all our servers send a Content-Length."""
        received, end = b"", -1
        while end < 0:
            received += self._receive()
            end = received.find(b"\r\n\r\n")
        head, body = received[:end].lower(), received[end + 4 :]
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        return int(head.split(b" ", 2)[1]), body

    def _receive(self) -> bytes:
        if chunk := self._socket.recv(65_536):
            return chunk
        raise ConnectionError("closed the connection")

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), ANSWER_SECONDS)

    def _connect_first(self) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return self._connect()
            except ConnectionRefusedError:
                time.sleep(0.1)
        log = self._log.read_text(errors="replace")
        raise ServerError(f"{self.name} did not start:\n{log}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
