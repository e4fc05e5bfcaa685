"""The license loader: a stale-while-revalidate cache in front of the host.

Licenses come from the host's API, never from ``lic`` in a URL, and are cached in the
database. Once a cached answer is stale, a task refreshes it while it is still served.
After the grace period a stale answer is no longer served.
"""

import logging
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from celery import shared_task

from ..db.columns import utc_now
from ..errors import HostError, QueueUnavailableError
from ..outbound.license import License, without_a_gap
from ..outbound.service import TenantService
from ..tasks.queue import get_queue
from ..tenants.current import get_verified_request
from ..tenants.lookup import find_tenant
from ..tenants.models import Tenant
from ..tenants.state import get_state
from .state import get_licensing
from .store import KeptLicense

REFRESH: Final = "connect.refresh_license"
ASK_AGAIN: Final = timedelta(seconds=60)
"""How long to wait for a refresh before starting another one."""

# Links are not needed, and contacts are personal data that must not be stored.
_LEFT_OUT: Final = ("host_contacts", "links")
_KEPT: Final = tuple(
    field.name for field in fields(License) if field.name not in _LEFT_OUT
)
_logger = logging.getLogger(__name__)


def load_license(tenant: Tenant) -> License:
    """Return a tenant's license, from the host or from the cache.

    It lacks contacts and links; ``TenantService.license`` has them.

    :raises HostError: if the host can't be asked, and the last answer is too old.
    :raises ScopeError: if the descriptor lacks READ.
    """
    rules, now = get_licensing(), utc_now()
    kept = rules.licenses.find(tenant)
    if kept is None:
        return _ask(tenant)
    license_, age = _read(kept.answer), now - kept.answered_at
    if age < rules.cache:
        return license_
    if age >= rules.cache + rules.grace:
        return _ask(tenant)
    if now - kept.asked_at < ASK_AGAIN and kept.asked_at > kept.answered_at:
        return license_
    if not rules.licenses.claim(tenant, kept):
        return license_
    if license_.active is not False and _is_answered(kept) and _ask_later(tenant):
        return license_
    try:
        return _ask(tenant)
    except HostError as error:
        key = tenant.client_key
        _logger.warning("using an old license: client_key=%s: %s", key, error)
        return license_


def _is_answered(kept: KeptLicense) -> bool:
    """Return whether the last refresh succeeded: workers run, and the host answers."""
    return kept.asked_at <= kept.answered_at


def _ask_later(tenant: Tenant) -> bool:
    try:
        get_queue().send(REFRESH, tenant.client_key)
    except QueueUnavailableError:
        return False
    return True


def _ask(tenant: Tenant) -> License:
    found = TenantService(tenant, shared_secret=_secret_for(tenant)).license.get()
    answer = {name: getattr(found, name) for name in _KEPT}
    get_licensing().licenses.keep(tenant, answer)
    return _read(answer)


def _read(answer: dict[str, Any]) -> License:
    """Return a stored answer as a license; another version may have stored it."""
    found = License(**{"key": "", **{k: v for k, v in answer.items() if k in _KEPT}})
    return without_a_gap(found) if get_state().paid else found


def _secret_for(tenant: Tenant) -> str | None:
    """Return the secret that signed this request, as in current_service."""
    try:
        verified = get_verified_request()
    except RuntimeError:
        return None
    same = verified.tenant.client_key == tenant.client_key
    return verified.shared_secret if same else None


@shared_task(name=REFRESH)
def refresh_license(client_key: str) -> None:
    """Refresh a tenant's license, unless it has uninstalled the app."""
    tenant = find_tenant(client_key)
    if tenant is None or tenant.state != "enabled":
        return
    try:
        _ask(tenant)
    except HostError as error:
        # The next request that needs the license asks again.
        _logger.warning("license not refreshed: client_key=%s: %s", client_key, error)
