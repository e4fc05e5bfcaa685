"""Task context: whether the code that runs now is in a task.

A task does not wait for a host that asks for a pause; it is run again later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_task

_working: ContextVar[bool] = ContextVar("connect.working", default=False)


@contextmanager
def working() -> Iterator[None]:
    """Say that what runs inside the ``with`` block can be run again later."""
    token = _working.set(True)
    try:
        yield
    finally:
        _working.reset(token)


def in_task() -> bool:
    """Whether this is a webhook's handler, a tenant task or another task of Celery.

    A task's function that is called directly is not in a task.
    """
    if _working.get():
        return True
    return bool(current_task) and not current_task.request.called_directly
