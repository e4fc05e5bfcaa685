"""``python -m benchmarks.webhooks``: run the crash test and count webhooks."""

import argparse
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from app.connect.webhooks.archive import Filter
from app.connect.webhooks.models import OPEN, Status
from app.extensions import db
from tests.example import create_app

from ..process import free_port
from ..tenants import install, new_site
from . import __doc__ as what_is_shown
from .brokers import Broker, make_broker, new_queue
from .host import Host
from .processes import MODULE, Process, wait_for_web

WAIT_SECONDS = 900


@dataclass
class Run:
    """One run: its processes, its webhooks, and their outcome."""

    options: argparse.Namespace
    folder: Path
    broker: Broker
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        """The file that the handlers write to."""
        return Path(self.environment["BENCHMARK_LOG"])

    def lines(self) -> list[list[str]]:
        """Return the handlers' lines so far: word, number and attempt."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line.split() for line in text.splitlines()]

    def ended(self) -> set[int]:
        """Return the numbers of the webhooks that were run to the end."""
        return {int(number) for word, number, _ in self.lines() if word == "ended"}


def main() -> int:
    """Run the crash test; return 1 if a webhook was lost."""
    options = _parse()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        queue = new_queue()
        broker = make_broker(options.broker, folder, options.url)
        stack.callback(broker.remove, queue)
        environment = environment_of(options, folder, broker, queue)
        run = Run(options, folder, broker, environment)
        return _run(run, stack)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.webhooks",
        description=what_is_shown,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    brokers = ("redis", "rabbitmq", "embedded")
    parser.add_argument("--broker", choices=brokers, default="embedded")
    parser.add_argument("--url", help="the URL of Redis or RabbitMQ, if not local")
    parser.add_argument("--database", help="an empty database, if not a SQLite file")
    parser.add_argument("--deliveries", type=int, default=2000, metavar="N")
    parser.add_argument("--kills", type=int, default=5, metavar="N")
    parser.add_argument("--outage", type=float, default=10, metavar="SECONDS")
    return parser.parse_args()


def environment_of(
    options: argparse.Namespace, folder: Path, broker: Broker, queue: str
) -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "DATABASE_URL": options.database or f"sqlite:///{folder / 'app.sqlite3'}",
        "CELERY_BROKER_URL": broker.url,
        "CONNECT_WEBHOOK_RETRY_SECONDS": "2",
        "BIND": f"127.0.0.1:{free_port()}",
        "BENCHMARK_LOG": str(folder / "handlers.log"),
        "BENCHMARK_QUEUE": queue,
    }


def _run(run: Run, stack: ExitStack) -> int:
    site = new_site(0)
    install(run.environment, [site])
    port = int(run.environment["BIND"].rpartition(":")[2])
    host = Host(site, port)
    celery = ["celery", "--app", f"{MODULE}:celery"]
    worker_options = ["worker", *run.broker.pool, "--loglevel", "INFO"]
    worker_options += ["--hostname", f"{run.environment['BENCHMARK_QUEUE']}@%h"]
    schedule = ["--schedule", str(run.folder / "beat")]
    _start(run, stack, "web", ["gunicorn", "-c", "gunicorn.conf.py", f"{MODULE}:app"])
    worker = _start(run, stack, "worker", [*celery, *worker_options])
    _start(run, stack, "beat", [*celery, "beat", *schedule])
    wait_for_web(port, run.folder / "web.log")
    began = time.monotonic()
    killer = threading.Thread(target=_kill, args=(run, worker), daemon=True)
    killer.start()
    up, down = _send(run, host)
    killer.join(WAIT_SECONDS)
    inbox = _wait_until_closed(run)
    lost = len(host.taken - run.ended()) - inbox[Status.PARKED]
    _report(run, host, inbox, lost)
    _say(f"{time.monotonic() - began:.0f} s in all")
    print(f"answer while the broker is up    {_times(up)}")
    print(f"answer while the broker is down  {_times(down)}")
    return 1 if lost or killer.is_alive() else 0


def _kill(run: Run, worker: Process) -> None:
    """Kill the worker every time it has made some progress."""
    for kill in range(1, run.options.kills + 1):
        share = run.options.deliveries * kill // (run.options.kills + 1)
        while len(run.ended()) < share:
            time.sleep(0.05)
        worker.kill()
        _say(f"killed the worker with -9 after {len(run.ended())} were run")
        worker.start()


def _send(run: Run, host: Host) -> tuple[list[float], list[float]]:
    """Send all webhooks, a fifth while the broker is down; return the times of both."""
    last = run.options.deliveries
    first, second = last * 3 // 5, last * 4 // 5
    _say(f"sending {first} webhooks")
    up = host.send(_with_repeats(range(1, first + 1)))
    run.broker.stop()
    since = time.monotonic()
    _say(f"the broker is down; sending {second - first} more")
    down = host.send(_with_repeats(range(first + 1, second + 1)))
    time.sleep(max(0.0, run.options.outage - (time.monotonic() - since)))
    run.broker.start()
    _say(f"the broker is back; sending {last - second} more")
    up += host.send(_with_repeats(range(second + 1, last + 1)))
    return up, down


def _with_repeats(numbers: range) -> Iterator[int]:
    """Yield every twentieth number twice, like a host that missed an answer."""
    for number in numbers:
        yield number
        if number % 20 == 0:
            yield number


def _wait_until_closed(run: Run) -> Counter[Status]:
    """Wait until nothing is left to run; return the number in each status."""
    app, deadline, shown = create_app(run.environment), time.monotonic(), 0.0
    deadline += WAIT_SECONDS
    with app.app_context():
        archive = app.extensions["connect.webhooks"].archive
        while True:
            inbox = Counter(each.status for each in archive.iterate(Filter()))
            left = sum(inbox[status] for status in OPEN)
            if not left or time.monotonic() > deadline:
                db.engine.dispose()
                return inbox
            if time.monotonic() - shown > 10:
                _say(f"{left} are still to be run")
                shown = time.monotonic()
            time.sleep(0.5)


def _report(run: Run, host: Host, inbox: Counter[Status], lost: int) -> None:
    begun = Counter(number for word, number, _ in run.lines() if word == "begun")
    ended = Counter(number for word, number, _ in run.lines() if word == "ended")
    rows = {
        "delivered (answered 204)": len(host.taken),
        "refused, and sent again": host.refused,
        "kept in the inbox": sum(inbox.values()),
        "run to the end": inbox[Status.DONE],
        "called more than once": sum(count > 1 for count in begun.values()),
        "run to the end twice": sum(count > 1 for count in ended.values()),
        "parked": inbox[Status.PARKED],
        "lost": lost,
    }
    print(f"\n{run.options.broker}: {run.options.kills} kills, one outage\n")
    for what, count in rows.items():
        print(f"{what:<28}{count:>6}")
    print()


def _times(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"median {cuts[49] * 1000:.1f} ms, 99th percentile {cuts[98] * 1000:.1f} ms"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _start(run: Run, stack: ExitStack, name: str, arguments: list[str]) -> Process:
    process = Process(arguments, run.environment, run.folder / f"{name}.log")
    stack.callback(process.stop)
    return process


if __name__ == "__main__":
    sys.exit(main())
