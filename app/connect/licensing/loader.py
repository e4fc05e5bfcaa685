"""The license loader, a stale-while-revalidate cache in front of the host.

The host is asked, never the ``lic`` of a URL. Its answer is kept in the database. Once
that is old, a task asks again while the old answer is still served; past the grace
period nothing is served but what the host says now.
"""

import logging
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from celery import shared_task

from ..db.columns import utc_now
from ..errors import HostError, QueueUnavailableError
from ..outbound.license import License
from ..outbound.service import TenantService
from ..tasks.queue import get_queue
from ..tenants.current import get_verified_request
from ..tenants.lookup import find_tenant
from ..tenants.models import Tenant
from .state import get_licensing
from .store import KeptLicense

REFRESH: Final = "connect.refresh_license"
ASK_AGAIN: Final = timedelta(seconds=60)
"""How long to wait for an answer before the host is asked for it once more."""

_LEFT_OUT: Final = ("host_contacts", "links")
# Links are not needed, and people are not to be stored.
_KEPT: Final = tuple(
    field.name for field in fields(License) if field.name not in _LEFT_OUT
)
_logger = logging.getLogger(__name__)


def load_license(tenant: Tenant) -> License:
    """Return a tenant's license, as the host has it or had it a while ago.

    Without contacts and links, which ``TenantService.license`` has.

    :raises HostError: if the host can't be asked, and has not answered for too long.
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
        _logger.warning("an old license holds: client_key=%s: %s", key, error)
        return license_


def _is_answered(kept: KeptLicense) -> bool:
    """Whether the last question was answered: workers run, and the host is well."""
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
    """Return an answer as a license; another version of the app may have kept it."""
    return License(**{"key": "", **{k: v for k, v in answer.items() if k in _KEPT}})


def _secret_for(tenant: Tenant) -> str | None:
    """Return the secret that this request was signed with, as in current_service."""
    try:
        verified = get_verified_request()
    except RuntimeError:
        return None
    same = verified.tenant.client_key == tenant.client_key
    return verified.shared_secret if same else None


@shared_task(name=REFRESH)
def refresh_license(client_key: str) -> None:
    """Ask the host of a tenant for its license, unless the app is gone there."""
    tenant = find_tenant(client_key)
    if tenant is None or tenant.state != "enabled":
        return
    try:
        _ask(tenant)
    except HostError as error:
        # Whoever needs the license next asks again.
        _logger.warning("license not refreshed: client_key=%s: %s", client_key, error)
