"""Rescheduling of tasks whose call to the host failed."""

import logging
from datetime import timedelta
from typing import Any, Final, NoReturn

from celery import Task
from celery.exceptions import Retry

from ..db.columns import utc_now
from ..errors import HostError, RateLimitedError
from ..protocol.retries import back_off

MAX_PAUSES: Final = 100
"""How many times a task is postponed because the host asks for a pause.

At half an hour each that is two days; quotas are per hour.
"""

_logger = logging.getLogger(__name__)


def run_again_later(
    task: Task[..., Any], error: HostError, message: tuple[Any, ...], pauses: int
) -> NoReturn:
    """End this run of *task* and schedule a new one for when *error* says.

    Pauses that the host asks for do not count towards the task's ``max_retries``.

    :raises Retry: so that Celery knows of it.
    :raises HostError: if it was postponed too often, or was called directly.
    """
    request, delay = task.request, error.retry_in or 0.0
    if not isinstance(error, RateLimitedError):
        wait = max(delay, back_off(request.retries + 1))
        raise task.retry(exc=error, countdown=wait)
    if request.called_directly or pauses >= MAX_PAUSES:
        raise error
    _logger.info("%s is postponed for %.0f seconds: %s", task.name, delay, error)
    later = task.signature_from_request(
        request,
        args=(*message, pauses + 1),
        kwargs={},
        countdown=delay,
        retries=request.retries,
    )
    later.apply_async()
    raise Retry(str(error), exc=error, when=utc_now() + timedelta(seconds=delay))
