"""The lease on a batch of deliveries, kept while their handlers run."""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError

from ..tenants.current import get_app
from .inbox import LEASE, Claim, Inbox
from .models import Status
from .state import get_webhooks

MAX_RENEWALS: Final = 360
"""After an hour the handler is assumed to hang, and another worker can run it."""

MAX_WAIT: Final = 0.5
"""After this many seconds other workers can have what is not begun."""

MAX_UNNOTED: Final = 0.02
"""The seconds of work after which the inbox learns what is done."""

_logger = logging.getLogger(__name__)


class Lease:
    """Yields the claims of one batch to run, inside a ``with`` block.

    A thread renews the lease at intervals, so that only a worker that is killed loses
    its deliveries. It also gives back those that wait behind a slow handler.
    What was done is noted for several deliveries at once, but soon: if its worker is
    killed, a delivery that was done and not noted is run again.
    """

    def __init__(self, inbox: Inbox, claims: Sequence[Claim]) -> None:
        self._inbox = inbox
        self._waiting = deque(claims)
        self._running: Claim | None = None
        self._done: list[Claim] = []
        self._noted_at = monotonic()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._app = get_app()

    def __enter__(self) -> Self:
        name = f"lease of delivery {self._waiting[0].id}"
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._note_done()
        # Nothing waits any more, unless an error has ended the batch.
        self._give_back()

    def __iter__(self) -> Iterator[Claim]:
        while True:
            with self._lock:
                self._running = claim = (
                    self._waiting.popleft() if self._waiting else None
                )
            if claim is None:
                return
            yield claim

    def done(self, claim: Claim) -> None:
        """Note that a delivery was run to its end, at once or with the next ones."""
        with self._lock:
            self._done.append(claim)
        if monotonic() - self._noted_at > MAX_UNNOTED:
            self._note_done()

    def _note_done(self) -> None:
        with self._lock:
            if self._done:
                self._inbox.close(self._done, Status.DONE)
                self._done = []
        self._noted_at = monotonic()

    def _keep(self) -> None:
        pause = MAX_WAIT
        for _ in range(MAX_RENEWALS):
            if self._over.wait(pause):
                return
            pause = LEASE.total_seconds() / 3
            try:
                with self._app.app_context():
                    self._note_done()
                    self._give_back()
                    running = self._running
                    if running and not self._inbox.renew(running):
                        return
            except SQLAlchemyError as error:
                # There is time for one or two more tries before the lease ends.
                _logger.warning(
                    "could not renew the lease of a delivery: %s", type(error).__name__
                )

    def _give_back(self) -> None:
        with self._lock:
            waiting = [*self._waiting]
            self._waiting.clear()
        if waiting:
            self._inbox.release(waiting)
            get_webhooks().wake_up.send(waiting[0].id)
