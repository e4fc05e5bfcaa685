"""Child processes: start, watch and stop them, and wait until they answer."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import IO

import requests
from devhost.signals import StopRequest

STOP_SECONDS = 10
READY_SECONDS = 60
POLL_SECONDS = 0.1


class ChildEnded(Exception):
    """A process ended unexpectedly, or a step failed."""


class Child:
    """A Python process in its own process group, so that Ctrl-C reaches it through us.

    ``quiet`` drops its output, but not its errors; ``log`` gets both.
    """

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: dict[str, str],
        *,
        quiet: bool = False,
        log: IO[bytes] | None = None,
    ) -> None:
        self.name = name
        silent = subprocess.DEVNULL if quiet else None
        self._process = subprocess.Popen(  # noqa: S603 - fixed arguments
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log or silent,
            stderr=log,
            start_new_session=True,
        )

    def check(self) -> None:
        """Check that the process runs.

        :raises ChildEnded: if it does not.
        """
        code = self._process.poll()
        if code is not None:
            raise ChildEnded(f"{self.name} ended with exit code {code}")

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None if it is still running after *seconds*."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ask the process to stop; kill its whole group if it does not stop in time."""
        if self._process.poll() is None:
            self._process.terminate()
            if self.wait(STOP_SECONDS) is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def run_step(
    name: str,
    arguments: list[str],
    environment: dict[str, str],
    stop: StopRequest,
    *,
    log: IO[bytes] | None = None,
) -> None:
    """Run a step to its end.

    :raises ChildEnded: if it fails or is interrupted.
    """
    child = Child(name, arguments, environment, log=log)
    while (code := child.wait(0.1)) is None:
        if stop.is_set():
            child.stop()
            raise ChildEnded(f"{name} was interrupted")
    if code != 0:
        raise ChildEnded(f"{name} failed with exit code {code}")


def wait_until_ready(url: str, children: Sequence[Child], stop: StopRequest) -> None:
    """Wait until *url* answers 200, or until *stop* is requested.

    :raises ChildEnded: if one of *children* ends meanwhile, or nothing answers.
    """
    give_up_at = time.monotonic() + READY_SECONDS
    with local_session() as session:
        while time.monotonic() < give_up_at:
            if stop.wait(POLL_SECONDS):
                return
            for child in children:
                child.check()
            try:
                if session.get(url, timeout=2).ok:
                    return
            except requests.RequestException:
                continue
    raise ChildEnded(f"{url} did not answer within {READY_SECONDS} seconds")


def local_session() -> requests.Session:
    """Return a session that ignores proxy settings: everything is on this machine."""
    session = requests.Session()
    session.trust_env = False
    return session


def free_port() -> int:
    """Return a port that is free on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
