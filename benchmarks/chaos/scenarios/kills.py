"""Processes that are killed with -9."""

from dataclasses import replace

from ..bench import Bench, Scenario
from ..journal import NO_ANSWER
from ..verdict import Rules


def kill_web_workers(bench: Bench) -> None:
    """Kill one of gunicorn's processes after the other."""
    for number in range(bench.pace.rounds):
        bench.stack.kill_web_worker(number)
        bench.wait(bench.pace.fault / bench.pace.rounds)


def kill_workers(bench: Bench) -> None:
    """Kill the worker with all its processes, and start it again as init would."""
    for _ in range(bench.pace.rounds):
        bench.stack.worker.kill()
        bench.wait(bench.pace.fault / bench.pace.rounds)
        bench.stack.worker.start()
        bench.wait(bench.pace.fault)


SCENARIOS = (
    Scenario(
        "web processes killed -9",
        kill_web_workers,
        Rules(allowed={"*": {NO_ANSWER}}),
        mix={"page": 4, "webhook": 6, "install": 6, "rotation": 3, "forged": 3},
    ),
    Scenario(
        "the Celery worker killed -9",
        kill_workers,
        mix={"page": 2, "webhook": 12, "install": 1, "forged": 2},
    ),
)
"""On PostgreSQL and Redis."""

ON_SQLITE = tuple(
    replace(each, name=f"SQLite: {each.name}", short=False) for each in SCENARIOS
)
"""On SQLite and the embedded broker."""
