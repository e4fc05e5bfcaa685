"""Builders: the benches that the scenarios run on."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .bench import Bench, Pace
from .caller import Caller
from .scenarios.releases import checkout
from .services import PostgreSQL, Redis, SmallDisk
from .stack import Neighbours, Stack, new_environment


@contextmanager
def production(folder: Path, pace: Pace) -> Iterator[Bench]:
    """Run the app with PostgreSQL and Redis."""
    with ExitStack() as stack:
        postgresql, redis = _services(folder, stack)
        neighbours, environment = _surroundings(folder, pace, stack)
        environment["DATABASE_URL"] = postgresql.new_database("app")
        environment["CELERY_BROKER_URL"] = redis.url
        app = Stack(folder, environment)
        stack.callback(app.stop)
        app.migrate()
        app.start()
        app.wait()
        caller = _caller(environment, neighbours, app)
        yield Bench(folder, pace, neighbours, app, caller, (postgresql, redis))


@contextmanager
def single_machine(folder: Path, pace: Pace) -> Iterator[Bench]:
    """Run the app with SQLite and the embedded broker, on a disk of their own."""
    with ExitStack() as stack:
        disk = SmallDisk(folder)
        stack.callback(disk.remove)
        neighbours, environment = _surroundings(folder, pace, stack)
        environment["DATABASE_URL"] = f"sqlite:///{disk.folder / 'app.sqlite3'}"
        broker = disk.folder / "broker.sqlite3"
        environment["CELERY_BROKER_URL"] = f"sqla+sqlite:///{broker}"
        app = Stack(folder, environment, embedded=True)
        stack.callback(app.stop)
        app.migrate()
        app.start()
        app.wait()
        caller = _caller(environment, neighbours, app)
        yield Bench(folder, pace, neighbours, app, caller, (disk,))


@contextmanager
def two_releases(
    folder: Path, pace: Pace, revision: str | None = None
) -> Iterator[Bench]:
    """Run an older release of the app; the present one is not started yet."""
    name, tree = checkout(revision, folder / "older")
    print(f"the older release is {name}", file=sys.stderr, flush=True)
    with ExitStack() as stack:
        postgresql, redis = _services(folder, stack)
        neighbours, environment = _surroundings(folder, pace, stack)
        environment["DATABASE_URL"] = postgresql.new_database("app")
        environment["CELERY_BROKER_URL"] = redis.url
        older = Stack(folder, environment, name="older", tree=tree)
        newer = Stack(folder, environment, name="newer")
        stack.callback(newer.stop)
        stack.callback(older.stop)
        older.migrate()
        older.start(worker=pace.lease is None)
        older.wait()
        caller = _caller(environment, neighbours, older)
        yield Bench(folder, pace, neighbours, older, caller, (newer,))


def _services(folder: Path, stack: ExitStack) -> tuple[PostgreSQL, Redis]:
    postgresql = PostgreSQL(folder)
    stack.callback(postgresql.remove)
    redis = Redis(folder)
    stack.callback(redis.stop)
    return postgresql, redis


def _surroundings(
    folder: Path, pace: Pace, stack: ExitStack
) -> tuple[Neighbours, dict[str, str]]:
    neighbours = Neighbours()
    stack.callback(neighbours.stop)
    environment = new_environment(folder, neighbours)
    if pace.lease is not None:
        environment["CHAOS_LEASE_SECONDS"] = str(pace.lease)
    return neighbours, environment


def _caller(environment: dict[str, str], neighbours: Neighbours, app: Stack) -> Caller:
    return Caller(environment["CONNECT_BASE_URL"], [app.port], neighbours.host.url)
