"""The embedded broker: a SQLite file with kombu's tables and the queue.

kombu makes them without a lock when they are first used, so that of two processes
that start together on a new file, one would end with an error.
"""

import logging
from typing import Any

from celery import Celery
from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.exc import SQLAlchemyError

from ..db.transactions import in_transaction, insert_if_new

_logger = logging.getLogger(__name__)


def prepare_embedded_broker(celery: Celery) -> None:
    """Make the tables and the queue, if the broker is a SQLite file without them."""
    url = str(celery.conf.broker_url)
    if not url.startswith("sqla+sqlite:"):
        return
    with celery.connection_for_write() as connection:
        channel: Any = connection.channel()
        queues: Table = channel.queue_cls.__table__
    engine = create_engine(url.removeprefix("sqla+"))

    def make(connection: Connection) -> None:
        queues.metadata.create_all(connection)
        name = {"name": celery.conf.task_default_queue}
        insert_if_new(connection, queues, name, key=["name"])

    try:
        in_transaction(engine, make)
    except SQLAlchemyError as error:
        # Not fatal yet: without a broker, webhooks wait in the inbox.
        _logger.warning(
            "the embedded broker can't be used: %s; see CELERY_BROKER_URL",
            type(error).__name__,
        )
    finally:
        engine.dispose()
