"""The inbox's Celery tasks: run what is due, when told of it and at intervals."""

from typing import Any, Final

from celery import shared_task

from .runner import run_due
from .wake_up import RUN

SWEEP: Final = "connect.sweep_webhooks"
SWEEP_SECONDS: Final = 10

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "connect: sweep the inbox of webhooks": {
        "task": SWEEP,
        "schedule": float(SWEEP_SECONDS),
        # A message that is still queued when the next one comes is redundant.
        "options": {"expires": SWEEP_SECONDS},
    },
}


@shared_task(name=RUN)
def run_webhooks(_delivery_id: int) -> None:
    """Run what is due: a message stands for all that has arrived."""
    run_due()


@shared_task(name=SWEEP)
def sweep_webhooks() -> None:
    """Run what is due though no message came.

    Because the broker was down, a worker was killed, or it is time for a retry.
    """
    run_due()
