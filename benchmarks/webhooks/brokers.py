"""The three brokers, each with a way to take it down."""

import sqlite3
import uuid
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from kombu import Connection

from .proxy import Proxy


class Broker(Protocol):
    """A broker that the benchmark controls."""

    url: str
    """The URL for the app."""
    direct: str
    """The URL for a process that should not notice that it is down."""
    pool: tuple[str, ...]
    """The worker's options for this broker."""

    def stop(self) -> None:
        """Take it down."""

    def start(self) -> None:
        """Bring it back."""

    def remove(self, queue: str) -> None:
        """Clean up."""


class ProxiedBroker:
    """Redis or RabbitMQ behind a proxy."""

    pool: tuple[str, ...] = ("--pool", "prefork", "--concurrency", "2")

    def __init__(self, url: str, port: int) -> None:
        parts = urlsplit(url)
        self.direct = url
        self._proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or port)
        login, at, _ = parts.netloc.rpartition("@")
        near = f"{login}{at}127.0.0.1:{self._proxy.port}"
        self.url = parts._replace(netloc=near).geturl()
        self.stop, self.start = self._proxy.close, self._proxy.open

    def remove(self, queue: str) -> None:
        """Delete the queue."""
        self._proxy.close()
        with Connection(self.direct) as connection:
            connection.SimpleQueue(queue).queue.delete()


class EmbeddedBroker:
    """A SQLite file, which is unavailable while another connection locks it."""

    # As in make run. The worker polls the file once a second.
    pool: tuple[str, ...] = (
        "--pool",
        "threads",
        "--concurrency",
        "4",
        "--prefetch-multiplier",
        "16",
    )

    def __init__(self, folder: Path) -> None:
        self._path = folder / "broker.sqlite3"
        self.url = self.direct = f"sqla+sqlite:///{self._path}"

    def stop(self) -> None:
        """Lock the file."""
        self._lock = sqlite3.connect(self._path, isolation_level=None, timeout=60)
        self._lock.execute("BEGIN EXCLUSIVE")

    def start(self) -> None:
        """Unlock the file."""
        self._lock.execute("ROLLBACK")
        self._lock.close()

    def remove(self, queue: str) -> None:
        """Do nothing: the folder is deleted anyway."""


def make_broker(name: str, folder: Path, url: str | None) -> Broker:
    """Return the broker with a name, at *url* if given."""
    if name == "redis":
        return ProxiedBroker(url or "redis://127.0.0.1:6379/15", 6379)
    if name == "rabbitmq":
        return ProxiedBroker(url or "amqp://guest:guest@127.0.0.1:5672//", 5672)
    return EmbeddedBroker(folder)


def new_queue() -> str:
    """Return a unique queue name."""
    return f"benchmark-{uuid.uuid4()}"
