"""Install rules, as pure functions: the columns that a lifecycle event changes."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from .lifecycle_payload import Installation
from .models import InstallKind

Values = dict[str, Any]


def described(installation: Installation, issued_at: float, now: datetime) -> Values:
    """Return the columns that every ``installed`` event overwrites."""
    return {
        "base_url": installation.base_url,
        "display_url": installation.display_url or installation.base_url,
        "product_type": installation.product_type,
        "oauth_client_id": installation.oauth_client_id,
        "entitlement_id": installation.entitlement_id,
        "entitlement_number": installation.entitlement_number,
        "service_entitlement_number": installation.service_entitlement_number,
        "token_issued_at": issued_at,
        "updated_at": now,
        "last_seen_at": now,
    }


def first(client_key: str, encrypted: str, now: datetime) -> Values:
    """Return the additional columns of a new tenant."""
    return {
        "client_key": client_key,
        "shared_secret": encrypted,
        "enabled": True,
        "installed_at": now,
    }


def returned(now: datetime) -> Values:
    """Return the columns that an install after an uninstall resets."""
    return {"enabled": True, "installed_at": now, "uninstalled_at": None}


def kind_of(
    row: Row[Any], installation: Installation, current_secret: str | None
) -> InstallKind:
    """Return what an ``installed`` event means for a known tenant."""
    if row.uninstalled_at is not None:
        return InstallKind.RETURN
    if row.base_url != installation.base_url:
        return InstallKind.BASE_URL_CHANGE
    if current_secret != installation.shared_secret:
        return InstallKind.SECRET_ROTATION
    return InstallKind.UPGRADE


def rotated(
    row: Row[Any],
    encrypted: str,
    current_secret: str | None,
    now: datetime,
    grace: timedelta,
) -> Values:
    """Return the columns that a new secret changes.

    The replaced secret stays valid for *grace*: a host that missed our answer rolls
    back to it. If the host never used that one, it may still have the secret before
    it, which is then kept until its own grace period ends.
    """
    values: Values = {"shared_secret": encrypted, "secret_used_at": None}
    until = row.previous_secret_until
    if row.secret_used_at is not None or until is None or until <= now:
        # A secret that no key decrypts is lost: it is no use as a fallback.
        lost = current_secret is None
        values["previous_secret"] = None if lost else row.shared_secret
        values["previous_secret_until"] = None if lost else now + grace
    return values


def confirmed(now: datetime) -> Values:
    """Return the columns that the first use of a new secret changes."""
    return {
        "secret_used_at": now,
        "previous_secret": None,
        "previous_secret_until": None,
    }
