"""When each tenant was last seen: one small write a day."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from flask_sqlalchemy import SQLAlchemy

from ..db.columns import utc_now
from ..db.expiring_cache import ExpiringCache
from ..db.transactions import in_transaction
from .rows import mark_seen

_EVERY: Final = timedelta(days=1)
_TRY_AGAIN_SECONDS: Final = 3600


def is_due(last_seen_at: datetime | None) -> bool:
    """Return whether the stored time is so old that a new one is worth a write."""
    return last_seen_at is None or last_seen_at < utc_now() - _EVERY


class LastSeen:
    """Notes that tenants were seen; one per app."""

    def __init__(self, db: SQLAlchemy) -> None:
        self._db = db
        self._tried: ExpiringCache[str, bool] = ExpiringCache(_TRY_AGAIN_SECONDS)

    def note(self, client_key: str) -> None:
        """Store that a tenant was seen now; this worker tries once an hour at most."""
        if self._tried.get(client_key):
            return
        self._tried.put(client_key, True)
        now = utc_now()
        change = partial(mark_seen, client_key=client_key, now=now, before=now - _EVERY)
        in_transaction(self._db.engine, change)
