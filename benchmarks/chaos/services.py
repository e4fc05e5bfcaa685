"""PostgreSQL and Redis of this run's own, and a disk that can be full."""

import glob
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psycopg
import redis

from tools.processes import free_port

WAIT_SECONDS = 30
DISK_BYTES = 24 * 1024 * 1024


class MissingError(Exception):
    """Something that a scenario needs is not on this machine."""


class PostgreSQL:
    """A cluster in *folder*, run by the user postgres if we are root."""

    def __init__(self, folder: Path) -> None:
        self._bin = _postgresql_programs()
        self._data = folder / "postgresql"
        self._user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self._data.mkdir()
        if self._user:
            folder.chmod(0o755)
            shutil.chown(self._data, self._user)
        self._call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        with (self._data / "postgresql.conf").open("a") as settings:
            # A crash of the server needs no fsync to be survived, only one of the
            # machine does.
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = ''\nfsync = off\n"
            )
        self.start()

    def new_database(self, name: str) -> str:
        """Create a database; return its URL."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        log = str(self._data / "server.log")
        self._call("pg_ctl", "start", "-w", "-l", log)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` is a crash, ``fast`` ends its clients."""
        self._call("pg_ctl", "stop", "-w", "-m", mode)

    def freeze(self) -> None:
        """Stop its processes without ending them: it accepts, and stays silent."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let its processes go on."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop it if it runs."""
        if (self._data / "postmaster.pid").exists():
            self.thaw()
            self.stop()

    def _signal(self, number: signal.Signals) -> None:
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        found = subprocess.run(
            ["pgrep", "-P", str(main)], capture_output=True, text=True, check=False
        )
        for pid in [main, *map(int, found.stdout.split())]:
            os.kill(pid, number)

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), "-D", str(self._data), *arguments]
        subprocess.run(
            command,
            user=self._user,
            cwd="/",
            check=True,
            # A log file, and no pipe: the server would keep that open.
            stdout=subprocess.DEVNULL,
        )


class Redis:
    """A Redis server that keeps nothing when it is gone."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise MissingError("redis-server is not on the PATH")
        self._program, self._folder = program, folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it empty, and return when it answers."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1"]
        arguments += ["--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, *arguments], cwd=self._folder, stdout=log, stderr=log
            )
        client, deadline = redis.Redis.from_url(self.url), _deadline()
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        client.close()

    def stop(self) -> None:
        """Kill it with -9."""
        self._process.kill()
        self._process.wait()


class SmallDisk:
    """A folder whose disk can be full: a small tmpfs.

    Without the right to mount one, the processes may not make files longer than those
    that are there, which fails the same writes; Linux only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self.folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs"]
        done = subprocess.run(
            [*mount, str(self.folder)], capture_output=True, check=False
        )
        self._mounted = done.returncode == 0
        if not self._mounted and not sys.platform.startswith("linux"):
            raise MissingError("only root can mount a small disk here")

    @property
    def kind(self) -> str:
        """How it is made."""
        return "a tmpfs" if self._mounted else "RLIMIT_FSIZE"

    def fill(self, pids: Iterable[int]) -> None:
        """Leave no room on it for the processes *pids*."""
        if not self._mounted:
            self._limit(pids, 4096)
            return
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (65_536, 4096, 1):
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError:
                    continue

    def empty(self, pids: Iterable[int]) -> None:
        """Make room again."""
        if self._mounted:
            (self.folder / "filler").unlink()
        else:
            self._limit(pids, None)

    def remove(self) -> None:
        """Take the disk away."""
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def _limit(self, pids: Iterable[int], size: int | None) -> None:
        """Limit how long a file of these processes can become; None for no limit."""
        for pid in pids:
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            limits = (most if size is None else size, most)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def _postgresql_programs() -> Path:
    """Return the folder of initdb and pg_ctl, the newest version's."""
    found = sorted(
        glob.glob("/usr/lib/postgresql/*/bin/initdb"),
        key=lambda path: int(path.split("/")[4]),
    )
    program = found[-1] if found else shutil.which("initdb")
    if program is None:
        raise MissingError("PostgreSQL's initdb is not on the PATH")
    return Path(program).resolve().parent


def _deadline() -> float:
    return time.monotonic() + WAIT_SECONDS
