"""The Celery task that purges tenants and deliveries."""

from typing import Any, Final

from celery import shared_task
from celery.schedules import crontab

from ..db.columns import utc_now
from ..webhooks.archive import Filter
from ..webhooks.models import CLOSED
from ..webhooks.state import get_webhooks
from .purge import empty_embedded_broker, purge_tenants

PURGE: Final = "connect.purge"

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "connect: delete what is kept no longer": {
        "task": PURGE,
        "schedule": crontab(minute="17"),
        # A message that is still queued when the next one comes is redundant.
        "options": {"expires": 3600},
    },
}


@shared_task(name=PURGE)
def purge() -> None:
    """Delete the tenants and deliveries past their retention time."""
    purge_tenants()
    webhooks = get_webhooks()
    too_old = Filter(status=CLOSED, until=utc_now() - webhooks.retention)
    for _ in webhooks.archive.purge(too_old):
        pass
    empty_embedded_broker()
