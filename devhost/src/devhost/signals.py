"""Stop signals: Ctrl-C, SIGTERM and a closed terminal, without a traceback."""

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """Whether a stop signal has arrived; once set, it stays set."""

    def __init__(self, wakeup: socket.socket) -> None:
        self._wakeup = wakeup

    def is_set(self) -> bool:
        """Whether a stop signal has arrived."""
        return self.wait(0)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for a stop signal, at most *seconds*; return whether it has arrived."""
        return bool(select.select([self._wakeup], [], [], seconds)[0])


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Yield an object that reports stop signals; restore the old handlers afterwards.

    The interpreter writes a byte to a socket for each signal. A handler that set a
    `threading.Event` would run in the middle of the code that holds that event's lock,
    and the system may deliver a signal to a thread other than the waiting one.
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
    """Do nothing, so that the wake-up byte is the only effect of a signal."""
