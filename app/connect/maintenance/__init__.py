"""Housekeeping: a scheduled task deletes what has been kept long enough."""

from flask import Flask

from ..tasks.schedule import add_to_schedule
from .tasks import SCHEDULE


def init_app(app: Flask) -> None:
    """Have Celery beat purge what is past its retention time."""
    add_to_schedule(app, SCHEDULE)
