"""The app's processes, started as docs/deploy.md says."""

import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

from tools.processes import free_port

from ..webhooks.processes import ROOT, START_SECONDS, Process, wait_for_web
from .neighbours import Server
from .sites import APP_KEY, install_key, rest_answer

SERVED = Path(__file__).parent / "served"
REDIS_WORKER = ("--concurrency", "2")
# As `make run` starts it: SQLite connections don't survive a fork.
EMBEDDED_WORKER = (
    *("--beat", "--pool", "threads"),
    *("--concurrency", "4", "--prefetch-multiplier", "16"),
)


@dataclass
class Neighbours:
    """The host and the key servers."""

    host: Server = field(default_factory=lambda: Server(rest_answer))
    key_servers: tuple[Server, ...] = field(
        default_factory=lambda: (Server(install_key), Server(install_key))
    )

    def stop(self) -> None:
        """End every connection."""
        for server in (self.host, *self.key_servers):
            server.stop()


class Stack:
    """gunicorn, a worker and beat on one database, from the code in *tree*."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        *,
        name: str = "app",
        tree: Path = ROOT,
        embedded: bool = False,
    ) -> None:
        self.folder = folder
        self.name = name
        self.port = free_port()
        self.environment = {
            **environment,
            "BIND": f"127.0.0.1:{self.port}",
            # A release without BIND has this one.
            "PORT": str(self.port),
            # The release's own code, and the app under test, before anything installed.
            "PYTHONPATH": os.pathsep.join((str(tree), str(SERVED))),
        }
        self._tree = tree
        self._embedded = embedded
        self.processes: dict[str, Process] = {}

    @property
    def web(self) -> Process:
        """The web server."""
        return self.processes["web"]

    @property
    def worker(self) -> Process:
        """The worker."""
        return self.processes["worker"]

    def migrate(self) -> None:
        """Upgrade the database to this code's newest revision."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "chaos_app", "db", "upgrade"],
            cwd=self._tree,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"flask db upgrade failed:\n{done.stderr}")

    def start(self, *, worker: bool = True) -> None:
        """Start the web server and, unless told otherwise, the worker and beat."""
        self.start_web()
        celery = ("celery", "--app", "chaos_app:celery")
        schedule = ("--schedule", str(self.folder / f"{self.name}-beat"))
        if worker:
            options = EMBEDDED_WORKER + schedule if self._embedded else REDIS_WORKER
            name = ("--hostname", f"{self.name}@%h", "--loglevel", "INFO")
            self._start("worker", *celery, "worker", *options, *name)
        if worker and not self._embedded:
            self._start("beat", *celery, "beat", *schedule)

    def start_web(self) -> None:
        """Start the web server alone."""
        self._start("web", "gunicorn", "chaos_app:app")

    def stop_web(self) -> None:
        """Stop the web server alone."""
        self.processes.pop("web").stop()

    def wait(self) -> None:
        """Wait until the app answers and its worker takes tasks."""
        wait_for_web(self.port, self._log("web"))
        deadline = time.monotonic() + START_SECONDS
        log = self._log("worker")
        while "worker" in self.processes and "ready." not in log.read_text():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the worker did not start:\n{log.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop every process."""
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()

    def kill_web_worker(self, number: int) -> None:
        """Kill one of the web server's processes with -9; it starts another."""
        workers = self.web.children()
        if workers:
            os.kill(workers[number % len(workers)], signal.SIGKILL)

    def pids(self) -> list[int]:
        """Return the ids of all processes and their children."""
        found = []
        for process in self.processes.values():
            found += [process.pid, *process.children()]
        return found

    def ended(self) -> list[str]:
        """Return the names of the processes that have ended."""
        return [
            name for name, process in self.processes.items() if not process.is_running()
        ]

    def peak_memory(self) -> int:
        """Return the most bytes that one web process has held; 0 if unknown."""
        found = 0
        for pid in self.web.children():
            try:
                text = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            for line in text.splitlines():
                if line.startswith("VmHWM:"):
                    found = max(found, int(line.split()[1]) * 1024)
        return found

    def _start(self, kind: str, *arguments: str) -> None:
        self.processes[kind] = Process(
            list(arguments), self.environment, self._log(kind), folder=self._tree
        )

    def _log(self, kind: str) -> Path:
        return self.folder / f"{self.name}-{kind}.log"


def new_environment(folder: Path, neighbours: Neighbours) -> dict[str, str]:
    """Return the settings of an app, except for its database and broker."""
    key_servers = ",".join(server.url for server in neighbours.key_servers)
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_BASE_URL": "http://127.0.0.1",
        "CONNECT_APP_KEY": APP_KEY,
        "CONNECT_ALLOWED_HOSTS": "127.0.0.1",
        "CONNECT_KEY_SERVERS": key_servers,
        "CONNECT_RECORD_CALLS": "no",
        "CONNECT_WEBHOOK_RETRY_SECONDS": "1",
        "CHAOS_LOG": str(folder / "handlers.log"),
        # No proxy between the app and its neighbours, which are on this machine.
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
