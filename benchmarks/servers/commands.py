"""How each server is started: gunicorn and granian as shipped, and npm's framework."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from ..process import ROOT

ACE = Path(__file__).with_name("ace")
ACE_INSTALLED = ROOT / "build" / "atlassian-connect-express"
INSTALL_SECONDS = 900
POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


class UnavailableError(Exception):
    """Something that a comparison needs is missing; the rest goes on."""


def gunicorn(module: str) -> list[str]:
    """Return the shipped command, with the settings of gunicorn.conf.py."""
    return [sys.executable, "-m", "gunicorn", f"benchmarks.servers.{module}:app"]


def granian(module: str) -> list[str]:
    """Return the command of the faster server."""
    return [sys.executable, "fast_server.py", f"benchmarks.servers.{module}:app"]


def install_express() -> Path:
    """Install atlassian-connect-express below build/, once; return its folder.

    :raises UnavailableError: without npm, or if it fails.
    """
    if not (npm := shutil.which("npm")):
        raise UnavailableError("no npm on the PATH")
    packages = (ACE / "package.json").read_bytes()
    marker, wanted = ACE_INSTALLED / ".installed", hashlib.sha256(packages).hexdigest()
    shutil.copytree(ACE, ACE_INSTALLED, dirs_exist_ok=True)
    if not marker.exists() or marker.read_text() != wanted:
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=ACE_INSTALLED,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode:
            raise UnavailableError(f"npm install fails: {done.stderr[-500:]}")
        marker.write_text(wanted)
    return ACE_INSTALLED


@contextmanager
def new_postgresql(name: str) -> Iterator[str]:
    """Create a database and drop it afterwards; yield its URL.

    :raises UnavailableError: if no server answers; BENCHMARK_POSTGRESQL names another.
    """
    url = make_url(os.environ.get("BENCHMARK_POSTGRESQL", POSTGRESQL))
    name = f"connect_benchmark_{name}_{os.getpid()}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        raise UnavailableError(f"no PostgreSQL answers at {url}") from None
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()
