"""Tenants: the sites that have installed the app, their secrets and their history."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ...extensions import db
from ..db.encryption import SecretCipher
from ..protocol.scopes import effective_scopes
from .last_seen import LastSeen
from .state import ConnectState
from .store import TenantStore


def init_app(app: Flask, descriptor: Mapping[str, Any]) -> None:
    """Set up the identity of *app*, from *descriptor*, and the tenant store.

    Reads CONNECT_BASE_URL, CONNECT_CLOCK_LEEWAY, CONNECT_ENCRYPTION_KEYS,
    CONNECT_SECRET_GRACE and CONNECT_TENANT_CACHE_SECONDS. Afterwards, a package whose
    table refers to tenants registers with :meth:`TenantStore.add_dependent`.
    """
    settings = app.config
    app.extensions["connect"] = ConnectState(
        app_key=descriptor["key"],
        base_url=settings["CONNECT_BASE_URL"],
        leeway=settings["CONNECT_CLOCK_LEEWAY"],
        scopes=effective_scopes(descriptor.get("scopes", [])),
        paid=bool(descriptor.get("enableLicensing")),
        tenants=TenantStore(
            db,
            SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"]),
            secret_grace=settings["CONNECT_SECRET_GRACE"],
            cache_seconds=settings["CONNECT_TENANT_CACHE_SECONDS"],
        ),
        last_seen=LastSeen(db),
    )
