"""Stores and installs for the tests of the tenant store."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text

from app.connect.db.columns import utc_now
from app.connect.db.encryption import SecretCipher
from app.connect.tenants.lifecycle_payload import Installation
from app.connect.tenants.models import InstallKind, Tenant, TenantRecord
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.conftest import ENCRYPTION_KEY
from tests.signing import CLIENT_KEY, SECRET, SITE

Install = Callable[..., tuple[Tenant, InstallKind] | None]


def made_tenant(**changes: Any) -> Tenant:
    """Return a tenant that is in no database."""
    now = utc_now()
    usual: dict[str, Any] = {
        "id": 1,
        "client_key": CLIENT_KEY,
        "base_url": SITE,
        "display_url": SITE,
        "product_type": "confluence",
        "oauth_client_id": None,
        "installation_id": None,
        "cloud_id": None,
        "entitlement_id": None,
        "entitlement_number": None,
        "enabled": True,
        "installed_at": now,
        "updated_at": now,
        "uninstalled_at": None,
    }
    return Tenant(**usual | changes)


def installation(**changes: Any) -> Installation:
    usual = Installation(
        client_key=CLIENT_KEY,
        key=signing.APP_KEY,
        event_type="installed",
        shared_secret=SECRET,
        base_url=SITE,
    )
    return replace(usual, **changes)


def store_with(*keys: str, grace: int = 3600, seconds: int = 30) -> TenantStore:
    cipher = SecretCipher(keys or (ENCRYPTION_KEY,))
    return TenantStore(db, cipher, secret_grace=grace, cache_seconds=seconds)


def record_of(client_key: str = CLIENT_KEY) -> TenantRecord:
    with db.session.begin():
        query = select(TenantRecord).where(TenantRecord.client_key == client_key)
        record = db.session.scalars(query).one()
        db.session.expunge(record)
    return record


def change(statement: str, **values: Any) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(statement), values)
