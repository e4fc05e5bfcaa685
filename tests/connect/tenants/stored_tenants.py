"""Stores and installs for the tests of the tenant store."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text

from app.connect.db.encryption import SecretCipher
from app.connect.tenants.lifecycle_payload import Installation
from app.connect.tenants.models import InstallKind, Tenant, TenantRecord
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.conftest import ENCRYPTION_KEY
from tests.signing import CLIENT_KEY, SECRET, SITE

Install = Callable[..., tuple[Tenant, InstallKind] | None]


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
