"""Webhooks: an inbox that answers 204 at once, and workers that call the handlers.

``receive`` accepts a delivery, ``inbox`` stores it, and ``wake_up`` tells the workers.
There ``runner`` claims what is due, a batch at a time, and calls the author's handlers:
``handlers`` is the registry, ``lease`` keeps other workers away, and ``retry_policy``
says when to retry. ``tasks`` are the Celery tasks, and ``archive`` is for operators.

Delivery is at least once. The inbox is the source of truth, and a broker message only
says "look now": losing one costs some seconds, but never a delivery.
"""

from datetime import timedelta

from flask import Flask

from ...extensions import db
from ..db.encryption import SecretCipher
from ..tasks.schedule import add_to_schedule
from ..tenants.state import get_state
from .archive import Archive
from .inbox import Inbox, drop_deliveries
from .receive import bp
from .retry_policy import RetryPolicy
from .state import WebhooksState
from .tasks import SCHEDULE
from .wake_up import WakeUp


def init_app(app: Flask) -> None:
    """Set up the inbox on *app*, the route that fills it and the task that sweeps it.

    Reads CONNECT_ENCRYPTION_KEYS and the CONNECT_WEBHOOK_... settings.
    """
    settings = app.config
    cipher = SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"])
    app.extensions["connect.webhooks"] = WebhooksState(
        inbox=Inbox(db, cipher),
        archive=Archive(db, cipher),
        wake_up=WakeUp(),
        retries=RetryPolicy(
            max_attempts=settings["CONNECT_WEBHOOK_MAX_ATTEMPTS"],
            first_delay=timedelta(seconds=settings["CONNECT_WEBHOOK_RETRY_SECONDS"]),
        ),
        retention=timedelta(days=settings["CONNECT_WEBHOOK_RETENTION_DAYS"]),
        identifier_header=settings["CONNECT_WEBHOOK_ID_HEADER"],
    )
    get_state(app).tenants.add_dependent(drop_deliveries)
    app.register_blueprint(bp)
    add_to_schedule(app, SCHEDULE)
