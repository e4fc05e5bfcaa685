"""Fetch slots: who waits for the key servers, for how long, and how often we ask."""

import math
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from app.connect.errors import InstallKeysUnavailableError
from app.connect.inbound.fetch_slots import (
    LEAST_SECONDS,
    QUICK_SLOTS,
    SAVED_SECONDS,
    SLOW_SLOTS,
    THREADS,
    WAITING,
    FetchSlots,
)

WAIT = 10


@pytest.fixture
def slots() -> FetchSlots:
    return FetchSlots()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def take(stack: ExitStack, slots: FetchSlots, count: int) -> None:
    for _ in range(count):
        stack.enter_context(slots.slot(seconds=0))


def full(slots: FetchSlots) -> bool:
    try:
        with slots.slot(seconds=0):
            return False
    except InstallKeysUnavailableError:
        return True


class Waiter(threading.Thread):
    """A thread that waits for a slot, notes that it got one, and gives it back."""

    def __init__(self, slots: FetchSlots, name: str, order: list[str]) -> None:
        super().__init__(name=name)
        self._slots, self._order = slots, order
        before = len(slots._queue)
        self.start()
        while len(slots._queue) == before:
            assert self.is_alive()

    def run(self) -> None:
        with self._slots.slot(seconds=WAIT):
            self._order.append(self.name)


def test_many_threads_may_wait_for_quick_servers(
    slots: FetchSlots, stack: ExitStack
) -> None:
    take(stack, slots, QUICK_SLOTS - 1)
    assert not full(slots)
    take(stack, slots, 1)
    assert full(slots)
    stack.close()
    assert not full(slots)


def test_few_threads_may_wait_for_slow_servers(
    slots: FetchSlots, stack: ExitStack
) -> None:
    take(stack, slots, SLOW_SLOTS)
    slots.note_slow()
    assert full(slots)
    slots.note_quick()
    assert not full(slots)


def test_whoever_is_too_many_gives_up_when_the_servers_become_slow(
    slots: FetchSlots, stack: ExitStack
) -> None:
    take(stack, slots, SLOW_SLOTS)
    with (
        pytest.raises(InstallKeysUnavailableError, match="slow"),
        slots.slot(seconds=0),
    ):
        slots.note_slow()
    slots.note_slow()


def test_a_free_slot_goes_to_whoever_has_waited_longest(
    slots: FetchSlots, stack: ExitStack
) -> None:
    take(stack, slots, QUICK_SLOTS)
    order: list[str] = []
    waiters = [Waiter(slots, name, order) for name in "ab"]
    # No more may wait, or nobody would be left for other requests.
    assert len(waiters) == WAITING
    assert full(slots)
    stack.close()
    for waiter in waiters:
        waiter.join(WAIT)
    assert order == ["a", "b"]
    assert not full(slots)


def test_a_newcomer_does_not_overtake(slots: FetchSlots, stack: ExitStack) -> None:
    waiting = object()
    slots._queue.append(waiting)
    assert full(slots)
    slots._queue.remove(waiting)
    assert not full(slots)


def use(slots: FetchSlots, seconds: float, clock: SimpleNamespace) -> None:
    """Wait in a slot for some time, as if all of it was at the same moment."""
    began = clock.now
    with slots.slot(seconds=0):
        clock.now += seconds
    clock.now = began


@pytest.mark.parametrize("seconds", [0, LEAST_SECONDS, 2.5])
def test_fetches_have_a_share_of_the_threads(
    clock: SimpleNamespace, seconds: float
) -> None:
    slots = FetchSlots()
    for _ in range(math.ceil(SAVED_SECONDS / max(seconds, LEAST_SECONDS))):
        use(slots, seconds, clock)
    assert full(slots)
    clock.now += 1
    for _ in range(math.ceil(THREADS / max(seconds, LEAST_SECONDS))):
        use(slots, seconds, clock)
    assert full(slots)
    # What was not used is saved up, to a limit.
    clock.now += 1000
    assert not full(slots)
    assert slots._debt == pytest.approx(LEAST_SECONDS)
