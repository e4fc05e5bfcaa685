"""Credentials: a tenant with the secrets that can sign its tokens."""

from dataclasses import dataclass, field
from datetime import datetime

from ..db.columns import utc_now
from .models import Tenant


@dataclass(frozen=True, slots=True)
class Credentials:
    """A tenant, and the secrets that can sign its tokens."""

    tenant: Tenant
    shared_secret: str = field(repr=False)
    secret_is_unused: bool
    previous_secret: str | None = field(repr=False)
    previous_secret_until: datetime | None
    seldom_seen: bool = False
    """Whether its row does not say yet that it was seen today."""

    def accepted_secrets(self) -> tuple[str, ...]:
        """Return the shared secret and, during its grace period, the previous one."""
        until = self.previous_secret_until
        if self.previous_secret is None or until is None or until <= utc_now():
            return (self.shared_secret,)
        return (self.shared_secret, self.previous_secret)
