"""``python -m devhost``: run the local Confluence."""

import faulthandler
import os
import sys
from collections.abc import Callable, Sequence

from devhost.signals import stop_request

# A stop that takes longer than this ends the process, whatever it is busy with.
STOP_SECONDS = 8


def _nothing() -> None:
    """Set no time limit for stopping."""


def main(
    arguments: Sequence[str] | None = None, *, stopping: Callable[[], None] = _nothing
) -> int:
    """Run until a signal asks to stop; return the exit code.

    ``stopping`` is called when the stop begins.
    """
    with stop_request() as stop:
        # Late, so that a signal that arrives earlier finds its handler.
        from devhost.command import run

        return run(arguments, stop, stopping)


def _limit_stop() -> None:
    """End the process if the stop hangs too, and dump every thread's stack."""
    faulthandler.dump_traceback_later(STOP_SECONDS, exit=True)


def _leave(code: int) -> None:
    """End the process at once.

    It does not wait for threads that still answer requests or wait for an app. The
    interpreter's own shutdown would freeze them wherever they are, with the locks they
    hold.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main(stopping=_limit_stop))
