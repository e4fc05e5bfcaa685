"""The app of a test's worker: short leases, and a handler that can hang."""

import os
import time
from datetime import timedelta

from app.connect import WebhookDelivery
from app.connect.webhooks import inbox, lease
from app.connect.webhooks.handlers import registered
from tests.example import create_app

for module in (inbox, lease):
    vars(module)["LEASE"] = timedelta(seconds=2)


def handle(delivery: WebhookDelivery) -> None:
    """Write that it began; hang at the first attempt; write that it ended."""
    note(f"begun {delivery.attempt}")
    if delivery.attempt == 1:
        time.sleep(600)
    note(f"ended {delivery.attempt}")


def note(line: str) -> None:
    """Append a line for the test to read."""
    with open(os.environ["TEST_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{line}\n")


registered["page_created"] = [handle]
app = create_app({"CELERY": {"task_default_queue": os.environ["TEST_QUEUE"]}})
celery = app.extensions["celery"]
for planned in celery.conf.beat_schedule.values():
    planned["schedule"] = 1.0
