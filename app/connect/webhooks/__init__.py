"""What is done after the answer: the inbox of webhooks, and tasks for tenants.

``handlers`` knows the author's functions, ``inbox`` keeps what arrived, ``queue``
hands tasks to the broker, ``runner`` runs one delivery, ``tasks`` are what Celery
calls and ``schedule`` says when; ``archive`` is the operator's side of the inbox.

The inbox is the truth, and the broker only says "look now": a message that is lost
costs some seconds, and never a delivery.
"""

from datetime import timedelta

from celery import Celery
from flask import Flask

from ...extensions import db
from ..db.encryption import SecretCipher
from ..maintenance.schedule import register_schedule
from ..tasks.queue import TaskQueue
from .archive import Archive
from .inbox import Inbox
from .state import BackgroundState, RetryPolicy


def init_app(app: Flask) -> None:
    """Give *app* the inbox, the queue and the schedule.

    Reads CONNECT_ENCRYPTION_KEYS and the CONNECT_WEBHOOK_... settings, and uses
    the Celery app in ``app.extensions``.
    """
    settings = app.config
    celery: Celery = app.extensions["celery"]
    cipher = SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"])
    app.extensions["connect-background"] = BackgroundState(
        inbox=Inbox(db, cipher),
        archive=Archive(db, cipher),
        queue=TaskQueue(celery),
        retries=RetryPolicy(
            max_attempts=settings["CONNECT_WEBHOOK_MAX_ATTEMPTS"],
            first_delay=timedelta(seconds=settings["CONNECT_WEBHOOK_RETRY_SECONDS"]),
        ),
        retention=timedelta(days=settings["CONNECT_WEBHOOK_RETENTION_DAYS"]),
        identifier_header=settings["CONNECT_WEBHOOK_ID_HEADER"],
    )
    register_schedule(celery)
