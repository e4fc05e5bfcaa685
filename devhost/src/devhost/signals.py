"""Stop on Ctrl-C, on SIGTERM and with the terminal, without a traceback."""

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """Whether a stop signal has come; once it has, it stays so."""

    def __init__(self, wakeup: socket.socket) -> None:
        self._wakeup = wakeup

    def is_set(self) -> bool:
        """Whether a stop signal has come."""
        return self.wait(0)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until a stop signal comes, at most *seconds*; return whether it has."""
        return bool(select.select([self._wakeup], [], [], seconds)[0])


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Yield what tells of a stop signal; put the old handlers back.

    The interpreter writes a byte to a socket for each signal. A handler that set a
    `threading.Event` would run in the middle of whoever holds that event's lock, and
    the system may hand a signal to a thread other than the one that waits.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        previous = [signal.signal(number, _do_nothing) for number in STOP_SIGNALS]
        try:
            yield StopRequest(reader)
        finally:
            for number, handler in zip(STOP_SIGNALS, previous, strict=True):
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)


def _do_nothing(number: int, frame: object) -> None:
    """Let the wake-up byte be all that a signal does."""
