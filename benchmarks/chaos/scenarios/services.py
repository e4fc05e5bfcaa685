"""The database, the disk and the broker."""

from collections.abc import Callable

from ..bench import Bench, Scenario
from ..services import PostgreSQL, Redis, SmallDisk
from ..verdict import Rules

UNAVAILABLE = 503


def stop_postgresql(mode: str) -> Callable[[Bench], None]:
    """Return a fault that stops the server, and starts it again."""

    def fault(bench: Bench) -> None:
        postgresql = bench.part(PostgreSQL)
        postgresql.stop(mode)
        bench.wait(bench.pace.fault)
        postgresql.start()

    return fault


def freeze_postgresql(bench: Bench) -> None:
    """Let the server accept connections and stay silent."""
    postgresql = bench.part(PostgreSQL)
    postgresql.freeze()
    try:
        bench.wait(bench.pace.fault)
    finally:
        postgresql.thaw()


def lose_redis(bench: Bench) -> None:
    """Kill Redis with everything in it, and start it empty."""
    redis = bench.part(Redis)
    redis.stop()
    bench.wait(bench.pace.fault)
    redis.start()


def fill_disk(bench: Bench) -> None:
    """Fill the disk that the two SQLite files are on."""
    disk = bench.part(SmallDisk)
    disk.fill(bench.stack.pids())
    try:
        bench.wait(bench.pace.fault)
    finally:
        disk.empty(bench.stack.pids())


SCENARIOS = (
    Scenario(
        "PostgreSQL crashed and started",
        stop_postgresql("immediate"),
        Rules(allowed={"*": {UNAVAILABLE}}),
    ),
    Scenario(
        "PostgreSQL stopped and started",
        stop_postgresql("fast"),
        Rules(allowed={"*": {UNAVAILABLE}}),
        short=False,
    ),
    Scenario(
        "PostgreSQL accepts and stays silent",
        freeze_postgresql,
        Rules(allowed={"*": {UNAVAILABLE}}),
        short=False,
    ),
    Scenario("Redis killed and started empty", lose_redis),
)
"""On PostgreSQL and Redis."""

ON_SQLITE = (
    Scenario("SQLite: disk full", fill_disk, Rules(allowed={"*": {UNAVAILABLE}})),
)
"""On SQLite and the embedded broker."""
