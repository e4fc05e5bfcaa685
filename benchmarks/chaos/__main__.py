"""``make chaos``: run every scenario, and print a table of what came of it."""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import __doc__ as what_is_shown
from . import report
from .bench import FULL, SHORT, Bench, Pace, Scenario
from .bench import run as run_scenario
from .builders import production, single_machine, two_releases
from .scenarios import kills, neighbours, releases, services, tokens
from .services import MissingError
from .verdict import Result

Builder = Callable[[Path, Pace], AbstractContextManager[Bench]]


@dataclass
class Run:
    """A run of the chosen scenarios."""

    options: argparse.Namespace
    results: list[Result] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def pace(self) -> Pace:
        """How long things take."""
        return SHORT if self.options.short else FULL

    def chosen(self, scenarios: Iterable[Scenario]) -> list[Scenario]:
        """Return those that the command line asks for."""
        only, short = self.options.only, self.options.short
        return [
            each
            for each in scenarios
            if only in each.name and (each.short or not short)
        ]


def main() -> int:
    """Run the scenarios; return 1 if a promise was broken."""
    run, began = Run(_parse()), time.monotonic()
    # Stop the app's processes on SIGTERM, too, and even in the background of a shell.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    benches = [
        (builder, chosen)
        for builder, scenarios in _plan(run.options)
        if (chosen := run.chosen(scenarios))
    ]
    if run.options.short:
        # All at once: most of the time they wait for something.
        with ThreadPoolExecutor(len(benches) or 1) as pool:
            rows = [*pool.map(lambda bench: _run(run, *bench), benches)]
    else:
        rows = [_run(run, *bench) for bench in benches]
    run.results = [result for found in rows for result in found]
    text = report.table(run.results, run.skipped)
    print(f"\n{text}\n\n{_machine()}; {time.monotonic() - began:.0f} s in all\n")
    if run.options.write:
        report.write(run.options.write, f"{text}\n\nOn {_machine()}.")
    lines = report.broken(run.results)
    lines += [] if not os.environ.get("CI") else _missing(run.skipped)
    print("\n".join(lines) if lines else "Every promise was kept.")
    return 1 if lines else 0


def _missing(skipped: dict[str, str]) -> list[str]:
    """Return the scenarios that CI must have run; a shallow clone has no history."""
    without_history = [each.name for each in releases.SCENARIOS]
    return [
        f"{name}: left out: {reason}"
        for name, reason in skipped.items()
        if name not in without_history
    ]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos",
        description=what_is_shown,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--short", action="store_true", help="what CI runs: a minute")
    parser.add_argument("--only", default="", metavar="TEXT", help="part of the names")
    parser.add_argument("--revision", help="the older release (default: the last tag)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page for the table")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the logs here"
    )
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> list[tuple[Builder, Sequence[Scenario]]]:
    everyday = (
        *kills.SCENARIOS,
        *services.SCENARIOS,
        *neighbours.SCENARIOS,
        *tokens.SCENARIOS,
    )
    return [
        (production, everyday),
        (single_machine, (*kills.ON_SQLITE, *services.ON_SQLITE)),
        (partial(two_releases, revision=options.revision), releases.SCENARIOS),
    ]


def _run(run: Run, builder: Builder, scenarios: list[Scenario]) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        try:
            with builder(folder, run.pace) as bench:
                verdicts = [_run_one(scenario, bench) for scenario in scenarios]
                return [verdict() for verdict in verdicts]
        except MissingError as error:
            run.skipped |= {each.name: str(error) for each in scenarios}
            return []
        finally:
            if run.options.keep:
                run.options.keep.mkdir(parents=True, exist_ok=True)
                for log in folder.glob("*.log"):
                    shutil.copy(log, run.options.keep / f"{folder.name}-{log.name}")


def _run_one(scenario: Scenario, bench: Bench) -> Callable[[], Result]:
    began = time.monotonic()
    verdict = run_scenario(scenario, bench)
    print(
        f"{scenario.name}: {time.monotonic() - began:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return verdict


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
