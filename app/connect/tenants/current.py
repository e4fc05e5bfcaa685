"""Request-scoped proxies: the current tenant, user and context.

``current_tenant``, ``current_account_id`` and ``current_context`` are proxies,
like Flask's ``request``. Outside a verified request and outside ``acting_for``
they raise RuntimeError.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask, Request, current_app, has_request_context, request
from werkzeug.local import LocalProxy

from .models import Tenant
from .state import get_state

# Not in ``g``, which outlives a request if a test has pushed an app context.
VERIFIED_KEY = "connect.verified"
_acting: "ContextVar[tuple[VerifiedRequest, Request | None] | None]" = ContextVar(
    "connect.acting", default=None
)


@dataclass(slots=True)
class VerifiedRequest:
    """The content of a verified token; ``shared_secret`` is the one that signed it."""

    tenant: Tenant
    account_id: str | None
    context: dict[str, Any]
    shared_secret: str = field(repr=False)
    service: object | None = field(default=None, init=False, repr=False, compare=False)
    """The value of ``current_service``, once it has been used."""
    session_token: str | None = field(
        default=None, init=False, repr=False, compare=False
    )
    """The value of ``session_token()``, or the one that the request came with."""


def set_verified_request(request: Request, verified: VerifiedRequest) -> None:
    """Make the proxies return *verified* while *request* is handled."""
    request.environ[VERIFIED_KEY] = verified


def find_verified_request(request: Request) -> VerifiedRequest | None:
    """Return what was verified about *request*; None if it was not verified."""
    return request.environ.get(VERIFIED_KEY)


@contextmanager
def acting_for(
    tenant: Tenant,
    account_id: str | None = None,
    context: dict[str, Any] | None = None,
) -> Iterator[None]:
    """Set ``current_tenant``, ``current_service`` and the rest for a ``with`` block.

    For tasks, commands and signal subscribers. Needs an app context.

    :raises LookupError: if the tenant has been purged.
    :raises ConfigurationError: if no encryption key decrypts its secret.
    """
    verified = VerifiedRequest(
        tenant=tenant,
        account_id=account_id,
        context=context or {},
        shared_secret=get_state().tenants.shared_secret_of(tenant),
    )
    token = _acting.set((verified, _request()))
    try:
        yield
    finally:
        _acting.reset(token)


def get_verified_request() -> VerifiedRequest:
    """Return the verified request, or what ``acting_for`` stands in for it.

    :raises RuntimeError: if the request was not verified, outside of ``acting_for``.
    """
    request, acting = _request(), _acting.get()
    verified = None if request is None else find_verified_request(request)
    # A request that began inside the block takes precedence, once it is verified.
    if acting is not None and (verified is None or request is acting[1]):
        verified = acting[0]
    if verified is None:
        raise RuntimeError(
            "This request was not verified: decorate its view with jwt_required or "
            "context_jwt_required. Outside of a request, use acting_for(tenant)."
        )
    return verified


def find_client_key() -> str | None:
    """Return the client key of the current tenant; None if there is no such tenant."""
    try:
        return get_verified_request().tenant.client_key
    except RuntimeError:
        return None


def get_app() -> Flask:
    """Return the current app itself, for use in another context or thread."""
    return cast("LocalProxy[Flask]", current_app)._get_current_object()


def _request() -> Request | None:
    if not has_request_context():
        return None
    return cast("LocalProxy[Request]", request)._get_current_object()


current_tenant = cast(Tenant, LocalProxy(lambda: get_verified_request().tenant))
"""The tenant of the request."""

current_account_id = cast(
    "str | None", LocalProxy(lambda: get_verified_request().account_id)
)
"""The user's Atlassian account id; None for an anonymous user.

A proxy is never ``None`` itself: test it with ``if not current_account_id``, and
pass ``str(current_account_id)`` to SQL.
"""

current_context = cast(
    dict[str, Any], LocalProxy(lambda: get_verified_request().context)
)
"""The token's ``context`` claim, such as ``{"confluence": {"space": ...}}``."""
