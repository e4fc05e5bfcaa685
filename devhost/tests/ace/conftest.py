"""Fixtures for an unmodified app of another framework, in its own process."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from devhost.exchanges.masking import mask
from devhost.testing.app_server import ReservedPort
from devhost.testing.confluence import RecordingConfluence

ROOT = Path(__file__).resolve().parent
MARKER = ROOT / "node_modules" / ".installed"
INSTALL_SECONDS = 480
STOP_SECONDS = 20
KEY = "com.example.another-framework"
OWN_VARIABLES = ("NODE_", "AC_", "CONNECT_", "npm_")


class OtherApp:
    """The app, which has installed itself in the host."""

    def __init__(
        self, confluence: RecordingConfluence, port: int, log: Path, command: str
    ) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [command, "app.js"],
                cwd=ROOT,
                env=_environment(confluence, self.base_url, port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        """Return everything that it has printed."""
        return self._log.read_text(errors="replace")

    def stop(self) -> int:
        """Stop it and return its exit code: minus the signal's number."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=STOP_SECONDS)

    def kill(self) -> None:
        """Kill whatever is left of it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _environment(
    confluence: RecordingConfluence, base_url: str, port: int
) -> dict[str, str]:
    """Return the framework's settings, without a proxy between app and host."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OWN_VARIABLES) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "PORT": str(port),
        "CONFLUENCE": confluence.base_url.removeprefix("http://"),
        "AC_LOCAL_BASE_URL": base_url,
        "AC_HOST_SCRIPT_URL": f"{confluence.base_url}/atlassian-connect/all.js",
        "CONNECT_KEYS_CDN_URL": f"{confluence.origin}/install-keys",
    }


@pytest.fixture(scope="session")
def node() -> str:
    """Return node's path, once the app's packages are installed.

    If it is missing, fail in CI and skip elsewhere.
    """
    npm, found = _find("npm"), _find("node")
    if npm is None or found is None:
        _give_up("no npm on the PATH: install Node.js 18 or newer")
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    with _only_one_at_a_time():
        if not MARKER.exists() or MARKER.read_text() != wanted:
            _install(npm)
            MARKER.write_text(wanted)
    return found


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Make the tests of other processes wait until this one has installed."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _find(name: str) -> str | None:
    """Return a program on the PATH, or the one next to Python."""
    beside = Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if beside.exists() else None)


def _install(npm: str) -> None:
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=ROOT,
            env={**os.environ, "PATH": f"{Path(npm).parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        _give_up(f"npm cannot install the app's packages: {error.stderr}")
    except subprocess.TimeoutExpired:
        _give_up(f"npm was not done after {INSTALL_SECONDS} seconds")


def _give_up(message: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def other_app(
    confluence: RecordingConfluence, node: str, tmp_path: Path
) -> Iterator[OtherApp]:
    """The app, just installed; its log is shown below a failed test."""
    port = ReservedPort()
    app = OtherApp(confluence, port.number, tmp_path / "app.log", node)
    try:
        confluence.received(
            "GET", f"/rest/plugins/1.0/{KEY}-key", status=200, within=30
        )
        yield app
    finally:
        app.kill()
        port.close()
        print(mask(app.log()))
