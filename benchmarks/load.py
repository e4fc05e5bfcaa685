"""Load over kept-alive connections, made by wrk."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
SCRIPT = Path(__file__).with_name("wrk.lua")


class LoadError(Exception):
    """The load can't be made, or a request was not answered with a 2xx status."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk counted; ``p99`` is the latency of the slowest hundredth, in ms."""

    requests: int
    seconds: float
    refused: int
    failed: int
    p99: float


def check_wrk() -> None:
    """Check that wrk is there.

    :raises LoadError: if it is not.
    """
    if shutil.which("wrk") is None:
        raise LoadError("wrk is missing: apt install wrk, or brew install wrk")


def run_wrk(port: int, requests: Path, seconds: float) -> Load:
    """Send the *requests* of a file (see ``wrk.lua``) over and over.

    :raises LoadError: if an answer is missing, or has a status above 399.
    """
    done = subprocess.run(
        [
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS)),
            *("--duration", f"{seconds:.0f}s", "--timeout", "20s"),
            *("--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(requests)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        load = Load(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        raise LoadError(f"wrk failed: {done.stdout}{done.stderr}") from None
    if load.refused or load.failed or not load.requests:
        raise LoadError(f"not every request was answered: {load}")
    return load
