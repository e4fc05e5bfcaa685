"""The Celery beat schedule, to which each package adds its own tasks.

An app adds its own as ``beat_schedule`` in the ``CELERY`` mapping of its config.
https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html
"""

from collections.abc import Mapping
from typing import Any

from celery import Celery
from flask import Flask

Schedule = Mapping[str, Mapping[str, Any]]


def add_to_schedule(app: Flask, entries: Schedule) -> None:
    """Add *entries* to the beat schedule; the app's own settings take precedence."""
    celery: Celery = app.extensions["celery"]
    celery.conf.beat_schedule = {**entries, **celery.conf.beat_schedule}
