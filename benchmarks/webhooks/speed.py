"""``python -m benchmarks.webhooks.speed``: the cost of a webhook and of its handler.

The shipped gunicorn receives signed webhooks over kept-alive connections, and then the
shipped worker runs them with a handler that does nothing. Beside each stands a floor
in the same run: a bare Flask route under the same gunicorn that commits one INSERT of
the same body, and a Celery task that does nothing on the same broker and pool.

CPU is user and system time of all processes of a server. The last rows are how long an
answer takes at half of the greatest rate, while the worker runs what arrives: the time
counts from when a request was due. A busy machine makes every figure worse, but the
ratios hardly.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles

import jwt
from atlassian_jwt.url_utils import hash_url

from ..process import free_port
from ..tenants import LIFETIME, Site, install, new_site
from .__main__ import environment_of
from .brokers import make_broker, new_queue
from .client import send_all, send_at
from .counter import counted
from .host import BEGIN, PATH, page
from .processes import Process, wait_for_web

SITES = 100
CONNECTIONS = 16
OPEN_CONNECTIONS = 64
WARM_UP = 300
RUN_SECONDS = 300
SAMPLE_SECONDS = 0.02


@dataclass
class Server:
    """The floor or ours: its gunicorn, its worker's settings and its figures."""

    name: str
    environment: dict[str, str]
    folder: Path
    pool: tuple[str, ...]
    figures: dict[str, float] = field(default_factory=dict)

    def start_web(self, stack: ExitStack) -> None:
        """Start gunicorn with the shipped settings."""
        self.port = free_port()
        settings = self.environment | {"BIND": f"127.0.0.1:{self.port}"}
        log = self.folder / f"{self.name}.web.log"
        command = ["gunicorn", "-c", "gunicorn.conf.py", f"{self._module}:app"]
        self.web = Process(command, settings, log)
        stack.callback(self.web.stop)
        wait_for_web(self.port, log)

    def receive(self, requests: list[bytes]) -> tuple[float, float]:
        """Return milliseconds of CPU for each request, and requests a second."""
        before = self.web.cpu_seconds()
        rate = send_all(self.port, requests, CONNECTIONS)
        used = self.web.cpu_seconds() - before
        return used / len(requests) * 1000, rate

    def run(self, total: int, stack: ExitStack) -> tuple[float, float]:
        """Run *total* that wait; return milliseconds of CPU for each, and the rate.

        The first and the last twentieth do not count, so neither does the start.
        """
        log = self.folder / f"{self.name}.worker.log"
        queue = self.environment["BENCHMARK_QUEUE"]
        command = ["celery", "--app", f"{self._module}:celery", "worker"]
        command += [*self.pool, "--hostname", f"{queue}@%h"]
        worker = Process(command, self.environment, log)
        stack.callback(worker.stop)
        samples: list[tuple[int, float, float]] = []
        deadline = time.monotonic() + RUN_SECONDS
        path = Path(self.environment["BENCHMARK_LOG"])
        while (done := counted(path)) < total * 0.95:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} ran {done}:\n{log.read_text()}")
            if done > total * 0.05:
                samples.append((done, worker.cpu_seconds(), time.monotonic()))
            time.sleep(SAMPLE_SECONDS)
        (first, cpu, began), (last, cpu_end, ended) = samples[0], samples[-1]
        run = last - first
        return (cpu_end - cpu) / run * 1000, run / (ended - began)

    @property
    def _module(self) -> str:
        return f"benchmarks.webhooks.{self.name}"


def main() -> int:
    """Measure, and print a table."""
    options = _parse()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        broker = make_broker(options.broker, folder, options.url)
        sites = [new_site(number) for number in range(SITES)]
        shared = environment_of(options, folder, broker, "")
        shared["CELERY_BROKER_URL"] = broker.direct
        shared["FLOOR_DATABASE_URL"] = (
            options.database or f"sqlite:///{folder / 'floor.sqlite3'}"
        )
        install(shared, sites)
        servers = []
        for server_name in ("floor", "noop"):
            queue = new_queue()
            stack.callback(broker.remove, queue)
            counter = str(folder / f"{server_name}.count")
            own = {"BENCHMARK_QUEUE": queue, "BENCHMARK_LOG": counter}
            servers.append(Server(server_name, shared | own, folder, broker.pool))
        _measure(options, servers, _requests(sites), stack)
    print(f"{options.broker}, {'PostgreSQL' if options.database else 'SQLite'}\n")
    print(_table(servers))
    print("\nload average: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.webhooks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    brokers = ("redis", "rabbitmq", "embedded")
    parser.add_argument("--broker", choices=brokers, default="embedded")
    parser.add_argument("--url", help="the URL of Redis or RabbitMQ, if not local")
    parser.add_argument("--database", help="an empty database, if not a SQLite file")
    parser.add_argument("--webhooks", type=int, default=1000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=float, default=8, metavar="N")
    return parser.parse_args()


def _measure(
    options: argparse.Namespace,
    servers: list[Server],
    requests: Iterator[bytes],
    stack: ExitStack,
) -> None:
    for server in servers:
        server.start_web(stack)
        send_all(server.port, [*islice(requests, WARM_UP)], CONNECTIONS)
    received = {server.name: list[tuple[float, float]]() for server in servers}
    for number in range(options.rounds):
        for server in servers[:: 1 if number % 2 else -1]:
            some = [*islice(requests, options.webhooks)]
            received[server.name].append(server.receive(some))
            print(server.name, received[server.name][-1], file=sys.stderr)
    for server in servers:
        costs, rates = zip(*received[server.name], strict=True)
        server.figures["receive: ms of CPU"] = median(costs)
        server.figures["receive: a second"] = median(rates)
        total = options.rounds * options.webhooks
        if server.name == "floor":
            _enqueue_noop(server.environment, total)
        cost, rate = server.run(total, stack)
        server.figures["run: ms of CPU"] = cost
        server.figures["run: a second"] = rate
    rate = servers[-1].figures["receive: a second"] / 2
    for server in servers:
        some = [*islice(requests, int(rate * options.seconds))]
        cuts = quantiles(send_at(server.port, some, OPEN_CONNECTIONS, rate), n=100)
        server.figures[f"answer at {rate:.0f} a second: median ms"] = cuts[49] * 1000
        server.figures[f"answer at {rate:.0f} a second: p99 ms"] = cuts[98] * 1000


def _enqueue_noop(environment: dict[str, str], total: int) -> None:
    os.environ.update(environment)
    from .floor import celery, noop  # noqa: PLC0415 - it reads the environment

    with celery.connection_for_write() as connection:
        producer = celery.amqp.Producer(connection)
        for _ in range(total):
            noop.apply_async(producer=producer)


def _requests(sites: list[Site]) -> Iterator[bytes]:
    """Yield signed requests, each a webhook that did not come before."""
    for number in count():
        site = sites[number % len(sites)]
        body = json.dumps({"timestamp": BEGIN + number, "page": page(number)})
        now = int(time.time())
        claims = {
            "iss": site.client_key,
            "sub": "557058:00000000-1111-2222-3333-444444444444",
            "iat": now,
            "exp": now + LIFETIME,
            "qsh": hash_url("POST", PATH),
        }
        lines = (
            f"POST {PATH} HTTP/1.1",
            "Host: app.example.com",
            f"Authorization: JWT {jwt.encode(claims, site.secret, 'HS256')}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        yield ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _table(servers: list[Server]) -> str:
    lines = ["| for each webhook | floor | ours | ratio |", "|---|--:|--:|--:|"]
    floor, ours = (server.figures for server in servers)
    for what, least in floor.items():
        form = "{:.2f}" if least < 10 else "{:.0f}"
        cells = form.format(least), form.format(ours[what]), f"{ours[what] / least:.2f}"
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
