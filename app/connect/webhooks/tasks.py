"""The inbox's Celery tasks: run one delivery, and sweep for waiting ones."""

from typing import Any, Final

from celery import shared_task

from ..errors import QueueUnavailableError
from ..tasks.queue import get_queue
from .runner import run_delivery
from .state import get_webhooks

RUN: Final = "connect.run_webhook"
SWEEP: Final = "connect.sweep_webhooks"
SWEEP_BATCH: Final = 500
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
def run_webhook(delivery_id: int) -> None:
    """Run a delivery from the inbox."""
    run_delivery(delivery_id)


@shared_task(name=SWEEP)
def sweep_webhooks() -> int:
    """Enqueue the deliveries that wait in the inbox, and return their number.

    These came while the broker was down, were lost with a worker, or are due for a
    retry.
    """
    inbox, queue, told = get_webhooks().inbox, get_queue(), 0
    while waiting := inbox.find_waiting(SWEEP_BATCH):
        ids = []
        try:
            for delivery_id in waiting:
                queue.send(RUN, delivery_id)
                ids.append(delivery_id)
        except QueueUnavailableError:
            break
        finally:
            inbox.note_told(ids)
            told += len(ids)
    return told
