"""The lifecycle callbacks: a blueprint for the four events.

``installed`` and ``uninstalled`` are signed by Atlassian's install key, the
other two by the tenant's shared secret.

https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/#lifecycle
"""

import logging
from typing import cast

from blinker import NamedSignal
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..errors import OutdatedInstallError
from ..tenants.lifecycle_payload import Installation, LifecycleEvent
from ..tenants.models import Tenant
from ..tenants.signals import (
    notify,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_uninstalled,
)
from ..tenants.state import get_state
from .lifecycle_body import read_lifecycle_body
from .policies import lifecycle_jwt_required, signed_install_required
from .verify import INSTALLED, KNOWN, get_verified_body, get_verified_claims

bp = Blueprint("connect_lifecycle", __name__)
_logger = logging.getLogger(__name__)
_NO_CONTENT: ResponseReturnValue = ("", 204)


@bp.post("/installed")
@signed_install_required("installed")
def installed() -> ResponseReturnValue:
    """Store a tenant and its shared secret before answering 204."""
    installation = cast(Installation, get_verified_body(request))
    stored = get_state().tenants.install(installation, issued_at=_issued_at())
    if stored is None:
        # Not 204: the host would use the secret that we have not stored.
        raise OutdatedInstallError(installation.client_key)
    tenant, kind = stored
    _logger.info("installed: client_key=%s kind=%s", tenant.client_key, kind)
    if installation.ignored:
        fields = ", ".join(installation.ignored)
        _logger.warning(
            "ignored malformed fields: client_key=%s: %s", tenant.client_key, fields
        )
    notify(tenant_installed, tenant=tenant, kind=kind)
    return _NO_CONTENT


@bp.post("/uninstalled")
@signed_install_required("uninstalled")
def uninstalled() -> ResponseReturnValue:
    """Mark a tenant as uninstalled; its data is kept for the retention time."""
    event = get_verified_body(request)
    tenants = get_state().tenants
    tenant = tenants.uninstall(event.client_key, issued_at=_issued_at())
    return _answer(event, tenant, tenant_uninstalled)


@bp.post("/enabled")
@lifecycle_jwt_required(INSTALLED)
def enabled() -> ResponseReturnValue:
    """Accept a tenant's requests again."""
    return _set_enabled("enabled", tenant_enabled, enabled=True)


@bp.post("/disabled")
@lifecycle_jwt_required(KNOWN)
def disabled() -> ResponseReturnValue:
    """Refuse a tenant's requests; can arrive after ``uninstalled``."""
    return _set_enabled("disabled", tenant_disabled, enabled=False)


def _set_enabled(
    name: str, signal: NamedSignal, *, enabled: bool
) -> ResponseReturnValue:
    event = read_lifecycle_body(
        request,
        get_verified_claims(request),
        app_key=get_state().app_key,
        event=name,
    )
    tenant = get_state().tenants.set_enabled(
        event.client_key, enabled=enabled, issued_at=_issued_at()
    )
    return _answer(event, tenant, signal)


def _answer(
    event: LifecycleEvent, tenant: Tenant | None, signal: NamedSignal
) -> ResponseReturnValue:
    if tenant is None:
        # It is out of date, or about an unknown tenant.
        _logger.info("%s ignored: client_key=%s", event.event_type, event.client_key)
        return _NO_CONTENT
    _logger.info("%s: client_key=%s", event.event_type, event.client_key)
    notify(signal, tenant=tenant)
    return _NO_CONTENT


def _issued_at() -> float:
    return float(get_verified_claims(request)["iat"])
