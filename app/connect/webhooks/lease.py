"""The lease on a delivery, renewed while its handler runs."""

import logging
import threading
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError

from ..tenants.current import get_app
from .inbox import LEASE, Claim, Inbox

MAX_RENEWALS: Final = 360
"""After an hour the handler is assumed to hang, and another worker can run it."""

_logger = logging.getLogger(__name__)


class Lease:
    """Renews a claim at intervals, inside a ``with`` block.

    A worker that is killed stops renewing, so that another one soon takes over.
    """

    def __init__(self, inbox: Inbox, claim: Claim) -> None:
        self._inbox = inbox
        self._claim = claim
        self._over = threading.Event()
        self._app = get_app()

    def __enter__(self) -> Self:
        name = f"lease of delivery {self._claim.id}"
        self._thread = threading.Thread(target=self._renew, name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _renew(self) -> None:
        pause = LEASE.total_seconds() / 3
        for _ in range(MAX_RENEWALS):
            if self._over.wait(pause):
                return
            try:
                with self._app.app_context():
                    if not self._inbox.renew(self._claim):
                        return
            except SQLAlchemyError as error:
                # There is time for one or two more tries before the lease ends.
                _logger.warning(
                    "could not renew the lease of delivery %s: %s",
                    self._claim.id,
                    type(error).__name__,
                )
