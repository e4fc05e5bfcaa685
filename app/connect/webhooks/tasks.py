"""What Celery calls: the framework's own tasks."""

from typing import Final

from celery import shared_task

from ..errors import QueueUnavailableError
from ..maintenance.purge import empty_embedded_broker, purge_tenants
from ..tenants.models import utc_now
from .archive import Filter
from .models import CLOSED
from .runner import run_delivery
from .state import get_background

RUN: Final = "connect.run_webhook"
SWEEP: Final = "connect.sweep_webhooks"
PURGE: Final = "connect.purge"
SWEEP_BATCH: Final = 500


@shared_task(name=RUN)
def run_webhook(delivery_id: int) -> None:
    """Run a delivery of the inbox."""
    run_delivery(delivery_id)


@shared_task(name=SWEEP)
def sweep_webhooks() -> int:
    """Tell the workers of what waits in the inbox, and return of how many.

    That is what came while the broker was down, what was lost with a worker,
    and what is to be tried again.
    """
    background, told = get_background(), 0
    while waiting := background.inbox.find_waiting(SWEEP_BATCH):
        ids = []
        try:
            for delivery_id in waiting:
                background.queue.send(RUN, delivery_id)
                ids.append(delivery_id)
        except QueueUnavailableError:
            break
        finally:
            background.inbox.note_told(ids)
            told += len(ids)
    return told


@shared_task(name=PURGE)
def purge() -> None:
    """Delete the tenants and deliveries whose retention is over."""
    purge_tenants()
    background = get_background()
    too_old = Filter(status=CLOSED, until=utc_now() - background.retention)
    for _ in background.archive.purge(too_old):
        pass
    empty_embedded_broker()
