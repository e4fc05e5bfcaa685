"""Who may use the app: the license that each tenant has, and what follows from it.

The host is asked, never the ``lic`` of a URL. What it said is kept in the database;
after a while it is asked again by a task, and its old answer serves until then.
https://developer.atlassian.com/platform/marketplace/license-api-for-cloud-apps/
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from celery import shared_task
from flask import (
    Flask,
    Response,
    current_app,
    has_request_context,
    jsonify,
    make_response,
    render_template,
    request,
)
from werkzeug.local import LocalProxy

from ...extensions import db
from ..errors import HostError, LicenseRequiredError, QueueUnavailableError
from ..http.error_handlers import asks_for_page
from ..inbound.verify import policy_of
from ..outbound.license import License
from ..outbound.service import TenantService
from ..tenants.current import get_verified_request
from ..tenants.models import Tenant, utc_now
from ..tenants.state import find_tenant
from ..webhooks.state import get_background
from .store import KeptLicense, Licenses

REFRESH: Final = "connect.refresh_license"
ASK_AGAIN: Final = timedelta(seconds=60)
"""How long to wait for an answer before the host is asked for it once more."""

_LEFT_OUT: Final = ("host_contacts", "links")
# Links are not needed, and people are not to be stored.
_KEPT: Final = tuple(
    field.name for field in fields(License) if field.name not in _LEFT_OUT
)
_LICENSE_KEY = "connect.license"
_P = ParamSpec("_P")
_R = TypeVar("_R")
_logger = logging.getLogger(__name__)


class LicensePolicy(StrEnum):
    """What ``license_required`` does about a license that has ended."""

    BLOCK = "block"
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class LicenseRules:
    """The settings, and where answers are kept."""

    policy: LicensePolicy
    cache: timedelta
    grace: timedelta
    licenses: Licenses


def license_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer 402 unless the tenant's license is active, or the app is free.

    Stands below the policy, such as ``jwt_required``. CONNECT_LICENSE_POLICY
    decides: ``block`` as said, ``warn`` only logs, ``ignore`` does not ask. While
    the host can't be asked, its last answer holds for CONNECT_LICENSE_GRACE
    seconds; without one the answer is 502.
    """
    if policy_of(view) is not None:
        raise TypeError(
            f"{view!r} has its policy {policy_of(view)} below license_required: "
            "the policy stands above, so that the tenant is known"
        )

    @wraps(view)
    def licensed(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        _check()
        answer: _R = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return licensed


def _check() -> None:
    policy = _get_rules().policy
    if policy is LicensePolicy.IGNORE:
        return
    client_key = get_verified_request().tenant.client_key
    try:
        license_ = _license_of_this_request()
    except HostError as error:
        if policy is LicensePolicy.BLOCK:
            raise
        _logger.warning("license unknown: client_key=%s: %s", client_key, error)
        return
    if license_.active is not False:
        return
    if policy is LicensePolicy.BLOCK:
        raise LicenseRequiredError(client_key, evaluation=bool(license_.evaluation))
    _logger.warning("no license, let in all the same: client_key=%s", client_key)


def load_license(tenant: Tenant) -> License:
    """Return a tenant's license, as the host has it or had it a while ago.

    Without contacts and links, which ``TenantService.license`` has.

    :raises HostError: if the host can't be asked, and has not answered for too long.
    :raises ScopeError: if the descriptor lacks READ.
    """
    rules, now = _get_rules(), utc_now()
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
        get_background().queue.send(REFRESH, tenant.client_key)
    except QueueUnavailableError:
        return False
    return True


def _ask(tenant: Tenant) -> License:
    found = TenantService(tenant, shared_secret=_secret_for(tenant)).license.get()
    answer = {name: getattr(found, name) for name in _KEPT}
    _get_rules().licenses.keep(tenant, answer)
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
        _logger.warning("no license learnt: client_key=%s: %s", client_key, error)


def _license_of_this_request() -> License:
    """Load the license once; outside of a request, as in a task, each time."""
    tenant = get_verified_request().tenant
    if not has_request_context():
        return load_license(tenant)
    found: tuple[Tenant, License] | None = request.environ.get(_LICENSE_KEY)
    if found is None or found[0] != tenant:
        found = request.environ[_LICENSE_KEY] = (tenant, load_license(tenant))
    return found[1]


current_license = cast(License, LocalProxy(_license_of_this_request))
"""The license of the tenant that the request belongs to, in templates too."""


def init_app(app: Flask) -> None:
    """Give *app* the licenses. Reads the CONNECT_LICENSE_... settings."""
    settings = app.config
    app.extensions["connect-licenses"] = LicenseRules(
        policy=LicensePolicy(settings["CONNECT_LICENSE_POLICY"]),
        cache=timedelta(seconds=settings["CONNECT_LICENSE_CACHE_SECONDS"]),
        grace=timedelta(seconds=settings["CONNECT_LICENSE_GRACE"]),
        licenses=Licenses(db),
    )
    app.register_error_handler(LicenseRequiredError, _refuse)
    app.jinja_env.globals["current_license"] = current_license


def _get_rules() -> LicenseRules:
    rules: LicenseRules = current_app.extensions["connect-licenses"]
    return rules


def _refuse(error: LicenseRequiredError) -> Response:
    _logger.info("refused: %s %r: %s", request.method, request.path, error)
    if asks_for_page():
        response = make_response(
            render_template("connect/no_license.html", evaluation=error.evaluation)
        )
    else:
        response = jsonify(error="license_required")
    response.status_code = 402
    return response
