"""Whom the request being answered comes from, once it has been verified.

``current_tenant``, ``current_account_id`` and ``current_context`` are proxies,
like Flask's ``request``. Outside a verified request they raise RuntimeError.
"""

from dataclasses import dataclass, field
from typing import Any, cast

from flask import Request, has_request_context, request
from werkzeug.local import LocalProxy

from .models import Tenant

# Not in ``g``, which outlives a request inside an app context of a test's own.
VERIFIED_KEY = "connect.verified"


@dataclass(slots=True)
class VerifiedRequest:
    """What a verified token said; ``shared_secret`` is the one that signed it."""

    tenant: Tenant
    account_id: str | None
    context: dict[str, Any]
    shared_secret: str = field(repr=False)


def set_verified_request(request: Request, verified: VerifiedRequest) -> None:
    """Make *verified* what the proxies answer while *request* is handled."""
    request.environ[VERIFIED_KEY] = verified


def find_verified_request(request: Request) -> VerifiedRequest | None:
    """Return what was verified of *request*; None if nothing was."""
    return request.environ.get(VERIFIED_KEY)


def get_verified_request() -> VerifiedRequest:
    """Return what was verified of the request that is being handled.

    :raises RuntimeError: if nothing was.
    """
    verified = find_verified_request(request) if has_request_context() else None
    if verified is None:
        raise RuntimeError(
            "This request was not verified: decorate its view with "
            "jwt_required or context_jwt_required."
        )
    return verified


current_tenant = cast(Tenant, LocalProxy(lambda: get_verified_request().tenant))
"""The tenant that the request belongs to."""

current_account_id = cast(
    "str | None", LocalProxy(lambda: get_verified_request().account_id)
)
"""The user's Atlassian account id; None for an anonymous user.

A proxy is never ``None`` itself: ask ``if not current_account_id``, and give
SQL ``str(current_account_id)``.
"""

current_context = cast(
    dict[str, Any], LocalProxy(lambda: get_verified_request().context)
)
"""The token's ``context`` claim, such as ``{"confluence": {"space": ...}}``."""
