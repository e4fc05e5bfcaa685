"""Stopping on a signal."""

import os
import signal
import threading

import pytest

from devhost.signals import STOP_SIGNALS, stop_request


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_stop_signal_ends_the_wait(number: signal.Signals) -> None:
    with stop_request() as stop:
        assert not stop.is_set()
        threading.Timer(0.05, os.kill, [os.getpid(), number]).start()
        assert stop.wait(20)


def test_a_stop_request_stays_set() -> None:
    with stop_request() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(20)
        assert stop.is_set()
        assert stop.wait()


def test_a_signal_that_another_thread_gets_ends_the_wait_too() -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    try:
        with stop_request() as stop:
            assert thread.ident is not None
            to_that_thread = [thread.ident, signal.SIGTERM]
            threading.Timer(0.05, signal.pthread_kill, to_that_thread).start()
            assert stop.wait(20)
    finally:
        release.set()
        thread.join()


def test_without_a_signal_the_wait_ends_in_time() -> None:
    with stop_request() as stop:
        assert not stop.wait(0.01)


def test_the_old_handlers_are_restored() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with stop_request():
        pass
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before
    assert signal.set_wakeup_fd(-1) == -1
