"""What a worker remembers of the tenants it has just served."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from .models import Tenant, utc_now

CACHE_SIZE = 10_000
"""Tenants; beyond it the one remembered longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A tenant, and the secrets that its tokens may be signed with."""

    tenant: Tenant
    shared_secret: str = field(repr=False)
    secret_is_unused: bool
    previous_secret: str | None = field(repr=False)
    previous_secret_until: datetime | None

    def accepted_secrets(self) -> tuple[str, ...]:
        """Return the shared secret and, within its grace, the one before it."""
        until = self.previous_secret_until
        if self.previous_secret is None or until is None or until <= utc_now():
            return (self.shared_secret,)
        return (self.shared_secret, self.previous_secret)


class CredentialsCache:
    """Credentials by client key, each for a few seconds."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._entries: dict[str, tuple[float, Credentials]] = {}
        self._lock = threading.Lock()

    def get(self, client_key: str) -> Credentials | None:
        """Return what is remembered of a tenant; None if nothing, or too old."""
        expires, credentials = self._entries.get(client_key, (0.0, None))
        return credentials if time.monotonic() < expires else None

    def put(self, credentials: Credentials) -> None:
        """Remember *credentials* from now on."""
        client_key = credentials.tenant.client_key
        with self._lock:
            self._entries.pop(client_key, None)
            if len(self._entries) >= CACHE_SIZE:
                del self._entries[next(iter(self._entries))]
            self._entries[client_key] = (time.monotonic() + self._seconds, credentials)

    def forget(self, client_key: str) -> None:
        """Drop a tenant, so that the database is asked next time."""
        with self._lock:
            self._entries.pop(client_key, None)
