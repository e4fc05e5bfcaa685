"""The task queue: sends tasks to the broker, with timeouts and a circuit breaker.

If the broker hangs, one web request waits for it for a second or two. For some seconds
after that nothing is sent, so that no other request waits.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from celery import Celery
from flask import current_app
from kombu.connection import ConnectionPool
from kombu.exceptions import EncodeError
from kombu.pools import ProducerPool

from ..errors import QueueUnavailableError

TIMEOUT: Final = 1
"""The connect timeout and the send timeout, in seconds."""

PAUSE: Final = 5
"""How long nothing is sent after a failure, in seconds."""

_POOL_SIZE = 8
_REDIS = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT}
# RabbitMQ must confirm each message.
_AMQP = {"confirm_publish": True}
_TRANSPORT_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "redis": _REDIS,
    "rediss": _REDIS,
    "amqp": _AMQP,
    "amqps": _AMQP,
    "sqla+sqlite": {"connect_args": {"timeout": TIMEOUT}},
}


class TaskQueue:
    """Sends the tasks of one Celery app to its broker."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._lock = threading.Lock()
        self._paused_until = 0.0

    def send(self, name: str, *args: Any) -> None:
        """Send the task *name* with *args*.

        :raises TypeError: if *args* can't be serialized as JSON.
        :raises QueueUnavailableError: if the broker does not accept it, or failed a
            moment ago.
        """
        if time.monotonic() < self._paused_until:
            raise QueueUnavailableError("the broker failed a moment ago")
        with self._producer() as producer:
            self._celery.send_task(
                name,
                args,
                producer=producer,
                # If the broker has closed the connection, reconnect once.
                retry=True,
                retry_policy={"max_retries": 1, "interval_start": 0},
                timeout=TIMEOUT,
                confirm_timeout=TIMEOUT,
            )

    def check(self) -> None:
        """Check that the broker can be reached and has the queue.

        :raises QueueUnavailableError: if it can't.
        """
        with self._producer() as producer:
            queues = self._celery.amqp.queues
            queues[self._celery.conf.task_default_queue](producer.channel).declare()

    @contextmanager
    def _producer(self) -> Iterator[Any]:
        """Lend a producer; convert the errors, which differ between transports."""
        try:
            with self._producers.acquire(block=True, timeout=TIMEOUT) as producer:
                yield producer
        except EncodeError:
            raise TypeError("a task's arguments can't be serialized as JSON") from None
        except Exception as error:
            self._paused_until = time.monotonic() + PAUSE
            # The error's text can quote the broker's URL.
            raise QueueUnavailableError(
                f"the broker did not accept the task: {type(error).__name__}; "
                "see CELERY_BROKER_URL"
            ) from None

    def close(self) -> None:
        """Close the connections to the broker; the next task opens new ones."""
        producers: Any = self.__dict__.pop("_producers", None)
        if producers is not None:
            producers.force_close_all()
            producers.connections.force_close_all()

    @cached_property
    def _producers(self) -> ProducerPool:
        """Created on first use, since connections do not survive a fork."""
        scheme = self._celery.conf.broker_url.partition(":")[0]
        options = {"max_retries": 0, **_TRANSPORT_OPTIONS.get(scheme, {})}
        connection = self._celery.connection_for_write(
            connect_timeout=TIMEOUT, transport_options=options
        )
        connections = ConnectionPool(connection, limit=_POOL_SIZE)
        return ProducerPool(connections, limit=_POOL_SIZE)


def get_queue() -> TaskQueue:
    """Return the queue of the current app."""
    queue: TaskQueue = current_app.extensions["connect.tasks"]
    return queue
