"""Two releases of the app side by side on one database."""

import io
import subprocess
import tarfile
from pathlib import Path

from ...webhooks.processes import ROOT
from ..bench import Bench, Scenario
from ..services import MissingError
from ..stack import Stack

DRAIN_SECONDS = 0.5
"""How long a release still runs after the last request was sent to it."""


def roll_out_and_back(bench: Bench) -> None:
    """Migrate, run both releases, only the newer, both, and only the older."""
    older, newer, caller = bench.stack, bench.part(Stack), bench.caller
    both = [older.port, newer.port]
    pause = bench.pace.fault / 4
    newer.migrate()
    bench.wait(pause)
    newer.start()
    newer.wait()
    caller.ports[:] = both
    bench.wait(pause)
    caller.ports[:] = [newer.port]
    bench.wait(DRAIN_SECONDS)
    older.stop()
    bench.wait(pause)
    # The way back: the older release alone on the newer schema.
    older.start(worker=False)
    older.wait()
    caller.ports[:] = both
    bench.wait(pause)
    caller.ports[:] = [older.port]
    bench.wait(DRAIN_SECONDS)
    newer.stop_web()
    bench.wait(pause)


def checkout(revision: str | None, folder: Path) -> tuple[str, Path]:
    """Write the tree of a *revision* to *folder*; return the name of the revision.

    By default that is the last tag or, without one, the commit before the newest
    migration.

    :raises MissingError: if there is no such revision here.
    """
    name = revision or _last_release()
    archive = _git("archive", name)
    if not archive:
        raise MissingError(f"git has no revision {name!r} with files")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return name, folder


def _last_release() -> str:
    tag = _git("describe", "--tags", "--abbrev=0").decode().strip()
    if tag:
        return tag
    newest = _git(
        *("log", "-1", "--no-merges", "--diff-filter=A", "--format=%h^"),
        *("--", "migrations/versions"),
    )
    if not newest:
        raise MissingError("git knows no earlier release: name one with --revision")
    return newest.decode().strip()


def _git(*arguments: str) -> bytes:
    """Return what git says; nothing if it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, check=False
        )
    except FileNotFoundError:
        return b""
    return b"" if done.returncode else done.stdout


SCENARIOS = (Scenario("two releases on one database", roll_out_and_back),)
