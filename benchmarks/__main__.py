"""``make bench``: measure, and print a table of ratios."""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from . import __doc__ as what_is_measured
from .report import Times, table, verdicts
from .servers.floor import ACCOUNT_ID, CLIENT_KEY
from .tenants import Corpus, Visit, make_corpus
from .worker import ServerError, Worker

SERVERS = ("floor", "recipe", "ours")
WARM_UP = 100
"""Unmeasured visits before each round, to warm a server up after it was idle."""


class WrongAnswerError(Exception):
    """A server gave a wrong answer, so measuring it is pointless."""


def main() -> int:
    """Run the benchmark; return 1 if an answer was wrong, whatever the times are."""
    options = _parse()
    try:
        times = _run(options.tenants, options.requests, options.runs)
    except (WrongAnswerError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{options.tenants} tenants, {options.requests} requests a round, "
        f"median of {options.runs} rounds (and the least and most of them)\n\n"
        f"{table(times)}\n\nTargets:\n\n{verdicts(times)}"
    )
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=what_is_measured,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, default, meaning in (
        ("runs", 21, "number of rounds"),
        ("requests", 1000, "number of requests to each server per round"),
        ("tenants", 1000, "number of installed tenants"),
    ):
        parser.add_argument(
            f"--{name}",
            type=_positive,
            default=default,
            metavar="N",
            help=f"{meaning} ({default})",
        )
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of 1 or more")
    return int(text)


def _run(tenants: int, requests: int, runs: int) -> Times:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        _say(f"installing {tenants} tenants and signing {requests} URLs")
        corpus = make_corpus(folder, tenants=tenants, visits=requests)
        workers = [
            Worker(server, corpus.environment, folder / f"{server}.log")
            for server in SERVERS
        ]
        for worker in workers:
            stack.enter_context(worker)
            _prepare(worker, corpus)
        return _measure(workers, corpus.visits, runs)


def _prepare(worker: Worker, corpus: Corpus) -> None:
    """Check that a server verifies tokens, and warm it up with every tenant."""
    _say(f"warming up {worker.name}")
    # The first visit confirms a tenant's secret, the second finds it cached.
    _visit(worker, corpus.one_each)
    _visit(worker, corpus.one_each)
    expected = 200 if worker.name == "floor" else 401
    for what, target in corpus.forgeries.items():
        status, _ = worker.get(target)
        if status != expected:
            raise WrongAnswerError(f"{worker.name}: {status} to a request {what}")


def _measure(workers: list[Worker], visits: list[Visit], runs: int) -> Times:
    times: Times = {worker.name: [] for worker in workers}
    for run in range(runs):
        first = run % len(workers)
        for worker in workers[first:] + workers[:first]:
            worker.reconnect()
            _visit(worker, visits[:WARM_UP])
            before = worker.cpu_nanoseconds()
            _visit(worker, visits)
            used = worker.cpu_nanoseconds() - before
            times[worker.name].append(used / len(visits) / 1000)
        spent = ", ".join(f"{name} {own[-1]:.0f}" for name, own in times.items())
        _say(f"round {run + 1} of {runs}: {spent} µs")
    return times


def _visit(worker: Worker, visits: list[Visit]) -> None:
    for target, client_key, account_id in visits:
        status, body = worker.get(target)
        right = {"clientKey": client_key, "accountId": account_id}
        if worker.name == "floor":
            right = {"clientKey": CLIENT_KEY, "accountId": ACCOUNT_ID}
        if status != 200 or json.loads(body) != right:
            raise WrongAnswerError(f"{worker.name}: {status}, or another tenant")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
