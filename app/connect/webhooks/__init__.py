"""Webhooks: an inbox that answers 204 at once, and workers that call the handlers.

``receive`` takes a delivery in, ``inbox`` stores it, ``runner`` calls the author's
handler in a worker (``handlers`` knows it, ``lease`` keeps others away meanwhile, and
``retry_policy`` says when to try again), ``tasks`` are what Celery calls, and
``archive`` is the operator's side of the inbox.

Delivery is at least once. The inbox is the truth, and the broker only says "look
now": a message that is lost costs some seconds, and never a delivery.
"""

from datetime import timedelta

from flask import Flask

from ...extensions import db
from ..db.encryption import SecretCipher
from ..tasks.schedule import add_to_schedule
from .archive import Archive
from .inbox import Inbox
from .receive import bp
from .retry_policy import RetryPolicy
from .state import WebhooksState
from .tasks import SCHEDULE


def init_app(app: Flask) -> None:
    """Give *app* the inbox, the route that fills it, and the schedule that sweeps it.

    Reads CONNECT_ENCRYPTION_KEYS and the CONNECT_WEBHOOK_... settings.
    """
    settings = app.config
    cipher = SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"])
    app.extensions["connect.webhooks"] = WebhooksState(
        inbox=Inbox(db, cipher),
        archive=Archive(db, cipher),
        retries=RetryPolicy(
            max_attempts=settings["CONNECT_WEBHOOK_MAX_ATTEMPTS"],
            first_delay=timedelta(seconds=settings["CONNECT_WEBHOOK_RETRY_SECONDS"]),
        ),
        retention=timedelta(days=settings["CONNECT_WEBHOOK_RETENTION_DAYS"]),
        identifier_header=settings["CONNECT_WEBHOOK_ID_HEADER"],
    )
    app.register_blueprint(bp)
    add_to_schedule(app, SCHEDULE)
