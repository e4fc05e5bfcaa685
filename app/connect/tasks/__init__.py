"""Background tasks (Celery): tenant tasks, the queue, and the beat schedule."""

from flask import Flask

from .celery_app import make_celery
from .embedded_broker import prepare_embedded_broker
from .queue import TaskQueue


def init_app(app: Flask) -> None:
    """Create the Celery app, ``app.extensions["celery"]``, and the queue to its broker.

    Reads CELERY_BROKER_URL and CELERY.
    """
    celery = make_celery(app)
    app.extensions["celery"] = celery
    app.extensions["connect.tasks"] = TaskQueue(celery)
    prepare_embedded_broker(celery)
