"""The bench: a running app with its neighbours, and how a scenario is run on it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from cryptography.fernet import Fernet
from sqlalchemy import NullPool, create_engine, text

from . import sites
from .caller import Caller
from .journal import Journal
from .load import MIX, Load
from .stack import Neighbours, Stack
from .verdict import Findings, Result, Rules, judge

_T = TypeVar("_T")

FIRST_SITES = 12
SAMPLE = 20
"""How many sites are asked for a page at the end."""


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds."""

    before: float
    """Load before the fault."""
    fault: float
    """The fault."""
    calm: float
    """Load after the last failure."""
    run: float
    """How long to wait until all webhooks were run."""
    rounds: int
    """How often something is repeated."""
    lease: float | None = None
    """After how long a killed worker's delivery is taken over; None as shipped."""


FULL = Pace(before=3, fault=12, calm=5, run=240, rounds=5)
SHORT = Pace(before=0.4, fault=1.5, calm=0.5, run=40, rounds=2, lease=2)


@dataclass
class Bench:
    """A running app and everything around it."""

    folder: Path
    pace: Pace
    neighbours: Neighbours
    stack: Stack
    caller: Caller
    parts: Sequence[object] = ()
    """What only some benches have, such as a :class:`.services.Redis`."""

    def part(self, kind: type[_T]) -> _T:
        """Return the part of a kind; a scenario runs only where there is one."""
        return next(part for part in self.parts if isinstance(part, kind))

    @contextmanager
    def beside(self, action: Callable[[], object], threads: int) -> Iterator[None]:
        """Repeat an action in threads until the ``with`` block ends."""
        over = threading.Event()

        def repeat() -> None:
            while not over.is_set():
                action()
                over.wait(0.5)

        started = [threading.Thread(target=repeat) for _ in range(threads)]
        for thread in started:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in started:
                thread.join()

    def wait(self, seconds: float) -> None:
        """Let time pass under load."""
        time.sleep(seconds)

    def stored(self) -> dict[str, tuple[str | None, str | None]]:
        """Return the secret and the previous secret of every client key."""
        cipher = Fernet(self.stack.environment["CONNECT_ENCRYPTION_KEYS"])

        def plain(secret: str | None) -> str | None:
            return None if secret is None else cipher.decrypt(secret).decode()

        query = "SELECT client_key, shared_secret, previous_secret FROM tenant"
        engine = create_engine(
            self.stack.environment["DATABASE_URL"], poolclass=NullPool
        )
        with engine.connect() as connection:
            rows = connection.execute(text(query)).all()
        return {key: (plain(new), plain(old)) for key, new, old in rows}

    def ran(self) -> set[int]:
        """Return the numbers of the webhooks whose handler has ended."""
        log = Path(self.stack.environment["CHAOS_LOG"])
        lines = log.read_text().splitlines() if log.exists() else []
        return {int(line.split()[1]) for line in lines if line.startswith("ended ")}


@dataclass(frozen=True)
class Scenario:
    """Something that is done to the app, while it is under load."""

    name: str
    """What is done, as it stands in the table."""
    fault: Callable[[Bench], None]
    """Does it, and mends it."""
    rules: Rules = field(default_factory=Rules)
    mix: Mapping[str, int] = field(default_factory=lambda: MIX)
    short: bool = True
    """Whether it is part of the short form."""


def run(scenario: Scenario, bench: Bench) -> Callable[[], Result]:
    """Run a scenario; return what judges it, once the worker has had time enough."""
    caller, pace = bench.caller, bench.pace
    journal = caller.new_journal()
    caller.sites = []
    for _ in range(FIRST_SITES):
        caller.install(sites.new_site(caller.host_url))
    if len(caller.sites) < 2:
        raise RuntimeError(f"no installs before {scenario.name}: {journal.answers[:3]}")
    with Load(caller, scenario.mix):
        time.sleep(pace.before)
        journal.fault_begins()
        scenario.fault(bench)
        journal.fault_ended()
        _wait_for_calm(journal, pace)
    findings = Findings(
        stored=bench.stored(),
        ran=(),
        ended=bench.stack.ended(),
        peak_memory=bench.stack.peak_memory(),
        usable=_ask_again(caller),
    )

    def verdict() -> Result:
        # A process may have ended some time after the scenario.
        ran = _wait_for_webhooks(journal, bench)
        ended = sorted({*findings.ended, *bench.stack.ended()})
        seen = replace(findings, ran=ran, ended=ended)
        return judge(scenario.name, journal, scenario.rules, seen)

    return verdict


def _wait_for_calm(journal: Journal, pace: Pace) -> None:
    """Wait until nothing has failed for a while, but not for ever."""
    give_up = journal.ended + 30
    while (now := time.monotonic()) < give_up:
        last = max(
            (each.sent_at + each.seconds for each in journal.failures_after()),
            default=journal.ended,
        )
        if now - last >= pace.calm:
            return
        time.sleep(0.1)


def _wait_for_webhooks(journal: Journal, bench: Bench) -> set[int]:
    deadline = time.monotonic() + bench.pace.run
    while not journal.taken <= (ran := bench.ran()):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return ran


def _ask_again(caller: Caller) -> tuple[int, int]:
    """Ask for a page of some sites, in a journal that is not judged."""
    judged = caller.journal
    caller.new_journal()
    asked = caller.sites[-SAMPLE:] + caller.sites[:SAMPLE]
    good = sum(caller.page(site).good for site in asked)
    caller.journal = judged
    return len(asked), good
