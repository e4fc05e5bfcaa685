"""PostgreSQL settings: a server that hangs ends in an error within seconds.

psycopg has no timeout for an answer: a server that accepts a statement and says nothing
would be waited for without end. So a web request bounds each wait for the server,
whoever opened the connection. Commands, migrations and tasks, whose statements may take
long, do not; keepalives still tell them when the server is gone.
"""

import math
import select
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import psycopg
from flask import has_request_context
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InvalidatePoolError

CONNECT_SECONDS: Final = 5
"""The time for a new connection, and to wait for one that others use."""

STATEMENT_SECONDS: Final = 8
"""The time in a web request after which the server gives up a statement."""

WAIT_SECONDS: Final = 10.0
"""The time in a web request after which a server that is silent is given up."""

PING_SECONDS: Final = 3.0
"""The same for the question whether a pooled connection still works."""

IDLE_SECONDS: Final = 1.0
"""A pooled connection that was idle for longer is asked whether it still works."""

_RETURNED_AT: Final = "connect.returned_at"
_CONNECT_ARGS: Final = {
    "connect_timeout": CONNECT_SECONDS,
    # Without an answer to a packet for 10 seconds, the network is gone.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


def engine_options(database_url: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of SQLAlchemy's engine; those in *own* win."""
    # The text of a database error must not contain the values being stored.
    options: dict[str, Any] = {"hide_parameters": True}
    url = make_url(database_url)
    if url.get_backend_name() != "postgresql":
        return {**options, **own}
    options["pool_timeout"] = CONNECT_SECONDS
    # SQLAlchemy prefers them to those in the URL.
    defaults = {name: _CONNECT_ARGS[name] for name in _CONNECT_ARGS.keys() - url.query}
    arguments = {**defaults, **own.get("connect_args", {})}
    return {**options, **own, "connect_args": arguments}


_is_bounded: ContextVar[bool] = ContextVar("connect.bounded", default=False)


@contextmanager
def as_in_a_request() -> Iterator[None]:
    """Bound the waits in the block as in a web request, for work that follows one."""
    token = _is_bounded.set(True)
    try:
        yield
    finally:
        _is_bounded.reset(token)


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server is silent for too long."""

    seconds = WAIT_SECONDS
    """The longest time to wait for the server."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Run *gen*, in which psycopg exchanges messages with the server.

        :raises psycopg.OperationalError: if it takes too long.
        """
        return super().wait(self._bounded(gen), *args, **kwargs)

    def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        end = time.monotonic() + self.seconds
        try:
            awaited = next(gen)
            while True:
                ready = yield awaited
                if time.monotonic() > end:
                    # Whatever the server sends now is too late, and for nobody.
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server did not answer in time")
                awaited = gen.send(ready)
        except StopIteration as done:
            return done.value


def listen() -> None:
    """Check pooled connections, and bound how long web requests wait for them."""
    if not event.contains(Engine, "do_connect", _connect):
        event.listen(Engine, "do_connect", _connect)
        event.listen(Engine, "checkout", _taken)
        event.listen(Engine, "checkin", _returned)  # codespell:ignore checkin


def _connect(dialect: Any, _record: Any, args: Any, arguments: Any) -> Any:
    if dialect.driver != "psycopg" or dialect.is_async:
        return None
    if _somebody_waits():
        # An author who needs another one, as for PgBouncer, can set it.
        arguments.setdefault("options", f"-c statement_timeout={STATEMENT_SECONDS}s")
    return BoundedConnection.connect(*args, **arguments)


def _taken(connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool replace its connections if this one does not work any more.

    The pool itself could only ask before each use, which costs as much as a statement.
    """
    if not isinstance(connection, BoundedConnection):
        return
    returned_at = record.info.get(_RETURNED_AT)
    if returned_at is not None and (
        time.monotonic() - returned_at > IDLE_SECONDS or _has_news(connection)
    ):
        _ping(connection)
    connection.seconds = WAIT_SECONDS if _somebody_waits() else math.inf


def _returned(connection: Any, record: Any) -> None:
    if isinstance(connection, BoundedConnection):
        record.info[_RETURNED_AT] = time.monotonic()


def _has_news(connection: BoundedConnection) -> bool:
    """Return whether the server has sent something unasked, as when it stops."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _ping(connection: BoundedConnection) -> None:
    autocommit = connection.autocommit
    # Afterwards there is still time to connect anew.
    connection.seconds = PING_SECONDS
    try:
        # Otherwise it would begin a transaction.
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = autocommit
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _somebody_waits() -> bool:
    return has_request_context() or _is_bounded.get()
