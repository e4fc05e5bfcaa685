"""The app whose speed is measured: its handler only counts."""

import os

from app.connect import WebhookDelivery
from app.connect.webhooks.handlers import registered
from tests.example import create_app

from .counter import count


def handle(delivery: WebhookDelivery) -> None:
    """Do nothing but count."""
    count()


registered["page_created"] = [handle]
app = create_app({"CELERY": {"task_default_queue": os.environ["BENCHMARK_QUEUE"]}})
celery = app.extensions["celery"]
