"""``python -m devhost``: run the local Confluence."""

import faulthandler
import os
import sys
from collections.abc import Callable, Sequence

from devhost.signals import stop_request

# Within these a stop ends the process, whatever it is busy with.
STOP_SECONDS = 8


def _nothing() -> None:
    """Stop without a limit."""


def main(
    arguments: Sequence[str] | None = None, *, stopping: Callable[[], None] = _nothing
) -> int:
    """Run until a signal asks to stop; return the exit code.

    ``stopping`` is called when it begins to stop.
    """
    with stop_request() as stop:
        # Only now: a signal that comes meanwhile finds its handler.
        from devhost.command import run

        return run(arguments, stop, stopping)


def _limit_stop() -> None:
    """Let a stop that hangs end the process too, with every thread's stack."""
    faulthandler.dump_traceback_later(STOP_SECONDS, exit=True)


def _leave(code: int) -> None:
    """End the process at once.

    Threads that still answer, or wait for an app, are not waited for. The end of the
    interpreter would freeze them wherever they are, with the locks that they hold.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main(stopping=_limit_stop))
