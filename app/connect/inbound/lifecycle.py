"""The lifecycle callbacks: a blueprint for the four events.

``installed`` and ``uninstalled`` are signed by Atlassian's install key, the
other two by the tenant's shared secret. A token covers method, path and query
but not the body, so each body must agree with its token.

https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/#lifecycle
"""

import logging
from dataclasses import replace

from blinker import NamedSignal
from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from ..errors import UntrustedInstallError
from ..protocol.base_url import host_is_allowed, parse_base_url
from ..tenants.lifecycle_payload import (
    Installation,
    LifecycleEvent,
    read_installation,
    read_lifecycle_event,
)
from ..tenants.models import Tenant
from ..tenants.signals import (
    notify,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_uninstalled,
)
from ..tenants.state import get_state
from .policies import lifecycle_jwt_required, signed_install_required
from .verify import INSTALLED, KNOWN, get_verified_claims

MAX_BODY_BYTES = 65_536

bp = Blueprint("connect_lifecycle", __name__)
_logger = logging.getLogger(__name__)
_NO_CONTENT: ResponseReturnValue = ("", 204)


@bp.post("/installed")
@signed_install_required
def installed() -> ResponseReturnValue:
    """Store a tenant and its shared secret before answering 204."""
    installation = read_installation(_body())
    _check(installation, "installed")
    stored = get_state().tenants.install(
        _with_trusted_base_url(installation), issued_at=_issued_at()
    )
    if stored is None:
        return _ignored(installation)
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
@signed_install_required
def uninstalled() -> ResponseReturnValue:
    """Mark a tenant as uninstalled; its data is kept for the retention time."""
    event = read_lifecycle_event(_body())
    _check(event, "uninstalled")
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
    event = read_lifecycle_event(_body())
    _check(event, name)
    tenant = get_state().tenants.set_enabled(
        event.client_key, enabled=enabled, issued_at=_issued_at()
    )
    return _answer(event, tenant, signal)


def _answer(
    event: LifecycleEvent, tenant: Tenant | None, signal: NamedSignal
) -> ResponseReturnValue:
    if tenant is None:
        return _ignored(event)
    _logger.info("%s: client_key=%s", event.event_type, event.client_key)
    notify(signal, tenant=tenant)
    return _NO_CONTENT


def _ignored(event: LifecycleEvent) -> ResponseReturnValue:
    """Answer an event that is out of date, or is about an unknown tenant."""
    _logger.info("%s ignored: client_key=%s", event.event_type, event.client_key)
    return _NO_CONTENT


def _body() -> bytes:
    request.max_content_length = MAX_BODY_BYTES
    return request.get_data()


def _issued_at() -> float:
    return float(get_verified_claims(request)["iat"])


def _check(event: LifecycleEvent, name: str) -> None:
    """Refuse a body that names another tenant, app or event than the request."""
    expected = {
        "clientKey": (event.client_key, get_verified_claims(request)["iss"]),
        "key": (event.key, get_state().app_key),
        "eventType": (event.event_type, name),
    }
    for field, (sent, right) in expected.items():
        if sent != right:
            raise UntrustedInstallError(
                f"{field} in the body is not the token's",
                client_key=get_verified_claims(request)["iss"],
            )


def _with_trusted_base_url(installation: Installation) -> Installation:
    """Return the installation with its base URL checked and normalized."""
    client_key = installation.client_key
    try:
        base_url = parse_base_url(installation.base_url)
    except ValueError as error:
        raise UntrustedInstallError(f"baseUrl {error}", client_key=client_key) from None
    if not host_is_allowed(base_url.host, current_app.config["CONNECT_ALLOWED_HOSTS"]):
        raise UntrustedInstallError(
            "the host of baseUrl is not in CONNECT_ALLOWED_HOSTS",
            client_key=client_key,
        )
    return replace(installation, base_url=str(base_url))
