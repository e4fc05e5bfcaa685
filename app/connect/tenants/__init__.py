"""Tenants: who has installed the app, their secrets, and their history."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ...extensions import db
from ..db.encryption import SecretCipher
from ..protocol.scopes import effective_scopes
from .state import ConnectState
from .store import TenantStore


def init_app(app: Flask, descriptor: Mapping[str, Any]) -> None:
    """Give *app* its identity, from *descriptor*, and the store of its tenants.

    Reads CONNECT_BASE_URL, CONNECT_CLOCK_LEEWAY, CONNECT_ENCRYPTION_KEYS,
    CONNECT_SECRET_GRACE and CONNECT_TENANT_CACHE_SECONDS. A package with a table of
    its own registers with :meth:`TenantStore.add_dependent` afterwards.
    """
    settings = app.config
    app.extensions["connect"] = ConnectState(
        app_key=descriptor["key"],
        base_url=settings["CONNECT_BASE_URL"],
        leeway=settings["CONNECT_CLOCK_LEEWAY"],
        scopes=effective_scopes(descriptor.get("scopes", [])),
        tenants=TenantStore(
            db,
            SecretCipher(settings["CONNECT_ENCRYPTION_KEYS"]),
            secret_grace=settings["CONNECT_SECRET_GRACE"],
            cache_seconds=settings["CONNECT_TENANT_CACHE_SECONDS"],
        ),
    )
