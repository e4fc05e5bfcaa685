"""The benchmark's app: its handler writes a line when it begins and when it ends."""

import os
import time

from app.connect import WebhookDelivery
from app.connect.webhooks.handlers import registered
from tests.example import create_app

LOG = os.environ["BENCHMARK_LOG"]
SECONDS = 0.005
"""How long a handler takes, so that a kill hits it in the middle."""


def note(word: str, delivery: WebhookDelivery) -> None:
    """Append a line in one write, so that lines never mix."""
    line = f"{word} {delivery.body['page']['id']} {delivery.attempt}\n"
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, line.encode())
    os.close(log)


def handle(delivery: WebhookDelivery) -> None:
    """Take a moment; the first call for every tenth page fails."""
    note("begun", delivery)
    time.sleep(SECONDS)
    if delivery.body["page"]["id"] % 10 == 0 and delivery.attempt == 1:
        raise RuntimeError("the first call of every tenth handler fails")
    note("ended", delivery)


registered["page_created"] = [handle]
app = create_app({"CELERY": {"task_default_queue": os.environ["BENCHMARK_QUEUE"]}})
celery = app.extensions["celery"]
