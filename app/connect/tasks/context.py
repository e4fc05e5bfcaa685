"""Task context: whether the current code runs in a task.

A task does not wait for a host that asks for a pause: it is run again later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_task

_working: ContextVar[bool] = ContextVar("connect.working", default=False)


@contextmanager
def working() -> Iterator[None]:
    """Mark the code in the ``with`` block as a task, which can be run again later."""
    token = _working.set(True)
    try:
        yield
    finally:
        _working.reset(token)


def in_task() -> bool:
    """Return whether this is a webhook handler, a tenant task or another Celery task.

    A task function that is called directly is not in a task.
    """
    if _working.get():
        return True
    return bool(current_task) and not current_task.request.called_directly
