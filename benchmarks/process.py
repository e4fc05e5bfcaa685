"""A server in processes of its own: its start, its CPU time and its memory (Linux)."""

import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


class ServerError(Exception):
    """A server did not start, or stopped."""


class Server:
    """A server that listens on ``port``; a context manager.

    *command* is what follows the name of the program; PORT is in its environment.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        folder: Path = ROOT,
    ) -> None:
        self.name = name
        self.port = free_port()
        self._command = command
        self._environment = environment
        self._log = log
        self._folder = folder

    def __enter__(self) -> Self:
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={
                    **os.environ,
                    **self._environment,
                    "PORT": str(self.port),
                    "BIND": f"127.0.0.1:{self.port}",
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def first_get(self, target: str, token: str = "") -> tuple[int, bytes]:
        """Return the answer to the first request, which waits for the start.

        :raises ServerError: if the server does not start.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return self.get(target, token)
            except (ConnectionError, http.client.HTTPException):
                time.sleep(0.005)
        log = self._log.read_text(errors="replace")
        raise ServerError(f"{self.name} did not start:\n{log}")

    def get(self, target: str, token: str = "") -> tuple[int, bytes]:
        """Return status and body of the answer to a GET on a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"JWT {token}"} if token else {}
        try:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """Return the user and system time of all its processes so far."""
        ticks = 0
        for process in self._processes():
            stat = Path(f"/proc/{process}/stat").read_text()
            # After the name, which is in parentheses: fields 3 and on.
            fields = stat.rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def worker_megabytes(self) -> float:
        """Return the mean memory (PSS, shared pages divided) of its workers."""
        sizes = [_pss_kilobytes(process) for process in self._processes()[1:]]
        return sum(sizes) / len(sizes) / 1024

    def _processes(self) -> list[int]:
        """Return its processes, the first one first."""
        found = [self._process.pid]
        for process in found:
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                found.extend(int(child) for child in children.read_text().split())
        return found


def _pss_kilobytes(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
