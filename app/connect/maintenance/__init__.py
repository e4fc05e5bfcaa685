"""Maintenance: a scheduled task purges data past its retention time."""

from flask import Flask

from ..tasks.schedule import add_to_schedule
from .tasks import SCHEDULE


def init_app(app: Flask) -> None:
    """Schedule the purge of data past its retention time."""
    add_to_schedule(app, SCHEDULE)
