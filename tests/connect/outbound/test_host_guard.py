"""The guard: a host that hangs takes neither all threads nor all the time."""

import runpy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from app.config import ROOT
from app.connect.errors import HostUnavailableError, Unavailable
from app.connect.outbound import host_guard
from app.connect.outbound.host_guard import (
    MAX_HOSTS,
    MAX_TIMEOUTS,
    MAX_WAITING,
    MIN_SECONDS,
    OPEN_SECONDS,
    PATIENCE,
    HostGuard,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> HostGuard:
    return HostGuard(clock)


@pytest.fixture
def fail(guard: HostGuard, clock: Clock) -> Callable[..., None]:
    """Make a call that fails."""

    def fail(
        host: str = "a",
        *,
        seconds: float = MIN_SECONDS,
        error: type[requests.RequestException] = requests.ReadTimeout,
        share: bool = True,
    ) -> None:
        with pytest.raises(error), guard.calling(host, share=share):
            clock.now += seconds
            raise error

    return fail


@contextmanager
def refusal(
    reason: Unavailable,
) -> Iterator[pytest.ExceptionInfo[HostUnavailableError]]:
    with pytest.raises(HostUnavailableError) as caught:
        yield caught
    assert caught.value.reason == reason
    assert caught.value.temporary
    assert not caught.value.sent


def call(guard: HostGuard, host: str = "a", *, share: bool = True) -> None:
    with guard.calling(host, share=share):
        pass


@pytest.fixture
def full(guard: HostGuard) -> Iterator[ExitStack]:
    """As many calls under way to one host as may be."""
    with ExitStack() as calls:
        for _ in range(MAX_WAITING):
            calls.enter_context(guard.calling("a", share=True))
        yield calls


def test_half_of_the_threads_of_gunicorn_wait_for_one_host() -> None:
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert settings["threads"] == 2 * MAX_WAITING


def test_beyond_its_share_a_host_that_is_slow_is_not_called(
    guard: HostGuard, clock: Clock, full: ExitStack
) -> None:
    clock.now += PATIENCE
    with refusal(Unavailable.TOO_MANY_CALLS):
        call(guard)
    call(guard, "other")
    call(guard, share=False)
    full.close()
    call(guard)


def test_beyond_its_share_a_host_that_is_fast_is_waited_for(
    full: ExitStack, guard: HostGuard
) -> None:
    # The fake clock stands still, so the guard waits for as long as it has patience.
    soon = threading.Timer(PATIENCE / 5, full.close)
    soon.start()
    call(guard)
    soon.join()


def test_a_call_that_waits_is_refused_when_the_host_becomes_slow() -> None:
    guard = HostGuard()
    with ExitStack() as calls:
        for _ in range(MAX_WAITING):
            calls.enter_context(guard.calling("a", share=True))
        with refusal(Unavailable.TOO_MANY_CALLS):
            call(guard)


@pytest.mark.parametrize("share", [True, False], ids=["page", "task"])
def test_after_timeouts_in_a_row_a_host_is_left_alone(
    guard: HostGuard, clock: Clock, fail: Callable[..., None], share: bool
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail(share=share)
    clock.now += 10
    with refusal(Unavailable.CIRCUIT_OPEN) as refused:
        call(guard, share=share)
    assert refused.value.retry_after == OPEN_SECONDS - 10
    call(guard, "other")
    clock.now += OPEN_SECONDS - 10
    call(guard, share=share)
    call(guard)


def test_then_one_call_tries_it_and_the_others_are_refused(
    guard: HostGuard, clock: Clock, fail: Callable[..., None]
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail()
    clock.now += OPEN_SECONDS
    with guard.calling("a", share=True), refusal(Unavailable.CIRCUIT_OPEN):
        call(guard)
    call(guard)


def test_if_that_call_times_out_the_host_is_left_alone_again(
    guard: HostGuard, clock: Clock, fail: Callable[..., None]
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail()
    clock.now += OPEN_SECONDS
    fail()
    with refusal(Unavailable.CIRCUIT_OPEN) as refused:
        call(guard)
    assert refused.value.retry_after == OPEN_SECONDS


def test_if_that_call_proves_nothing_the_next_one_tries(
    guard: HostGuard, clock: Clock, fail: Callable[..., None]
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail()
    clock.now += OPEN_SECONDS
    fail(seconds=0.1)
    call(guard)


def test_a_call_from_before_does_not_end_the_try(
    guard: HostGuard, clock: Clock, fail: Callable[..., None]
) -> None:
    before = ExitStack()
    before.enter_context(guard.calling("a", share=True))
    for _ in range(MAX_TIMEOUTS):
        fail()
    clock.now += OPEN_SECONDS
    with guard.calling("a", share=True):
        with pytest.raises(requests.ReadTimeout), before:
            raise requests.ReadTimeout
        clock.now += OPEN_SECONDS
        with refusal(Unavailable.CIRCUIT_OPEN):
            call(guard)


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(None, id="answer"),
        pytest.param(requests.ConnectionError, id="refused connection"),
    ],
)
def test_only_timeouts_in_a_row_count(
    guard: HostGuard,
    fail: Callable[..., None],
    between: type[requests.RequestException] | None,
) -> None:
    for _ in range(MAX_TIMEOUTS - 1):
        fail()
    if between is None:
        call(guard)
    else:
        fail(error=between)
    for _ in range(MAX_TIMEOUTS - 1):
        fail()
    call(guard)


@pytest.mark.parametrize("error", [requests.ConnectTimeout, requests.ReadTimeout])
def test_connect_and_read_timeouts_count(
    guard: HostGuard,
    fail: Callable[..., None],
    error: type[requests.RequestException],
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail(error=error)
    with refusal(Unavailable.CIRCUIT_OPEN):
        call(guard)


def test_a_timeout_of_a_call_without_time_does_not_count(
    guard: HostGuard, fail: Callable[..., None]
) -> None:
    for _ in range(MAX_TIMEOUTS):
        fail(seconds=MIN_SECONDS - 0.1)
    call(guard)


def test_nor_does_it_begin_the_count_anew(
    guard: HostGuard, fail: Callable[..., None]
) -> None:
    for _ in range(MAX_TIMEOUTS - 1):
        fail()
    fail(seconds=MIN_SECONDS - 0.1)
    fail()
    with refusal(Unavailable.CIRCUIT_OPEN):
        call(guard)


def test_hosts_that_are_well_are_forgotten(guard: HostGuard) -> None:
    call(guard)
    call(guard, share=False)
    assert guard._hosts == {}


def test_only_so_many_hosts_are_remembered(
    guard: HostGuard, fail: Callable[..., None]
) -> None:
    with guard.calling("under way", share=True):
        for number in range(MAX_HOSTS + 10):
            fail(str(number))
        assert len(guard._hosts) == MAX_HOSTS
        assert "under way" in guard._hosts
    assert len(guard._hosts) == MAX_HOSTS - 1


def test_many_threads_never_take_more_than_the_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_guard, "PATIENCE", 30)
    guard, under_way, most = HostGuard(), [0], [0]

    def work() -> None:
        for _ in range(20):
            with guard.calling("a", share=True):
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
                time.sleep(0.0005)
                under_way[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(3 * MAX_WAITING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < most[0] <= MAX_WAITING
    assert guard._hosts == {}


def test_a_pause_takes_a_share_of_the_threads(guard: HostGuard, clock: Clock) -> None:
    with ExitStack() as pauses:
        for _ in range(MAX_WAITING):
            assert pauses.enter_context(guard.pausing("a"))
        assert not pauses.enter_context(guard.pausing("a"))
        assert pauses.enter_context(guard.pausing("b"))
        clock.now += PATIENCE
        with refusal(Unavailable.TOO_MANY_CALLS):
            call(guard)
        # A task or command has threads of its own.
        call(guard, share=False)
    call(guard)
    assert guard._hosts == {}
