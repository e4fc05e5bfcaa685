"""What Celery beat has done, and when. Every scheduled task is in this place.

An app adds its own as ``beat_schedule`` in the ``CELERY`` mapping of its config.
https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html
"""

from typing import Any, Final

from celery import Celery
from celery.schedules import crontab

from ..webhooks.tasks import PURGE, SWEEP

SWEEP_SECONDS: Final = 10
REPORT: Final = "connect.report_personal_data"

# A message that waited until the next one comes says nothing new.
SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "connect: sweep the inbox of webhooks": {
        "task": SWEEP,
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS},
    },
    "connect: delete what is kept no longer": {
        "task": PURGE,
        "schedule": crontab(minute="17"),
        "options": {"expires": 3600},
    },
    "connect: report of whom personal data is kept": {
        "task": REPORT,
        "schedule": crontab(minute="37"),
        "options": {"expires": 3600},
    },
}


def register_schedule(celery: Celery) -> None:
    """Add the framework's schedule to what the app has of its own."""
    celery.conf.beat_schedule = {**SCHEDULE, **celery.conf.beat_schedule}
