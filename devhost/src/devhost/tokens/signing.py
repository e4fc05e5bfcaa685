"""Signing of the tokens that the host sends to an app."""

from typing import Any

import jwt

from devhost.protocol.query_string_hash import query_string_hash
from devhost.site import Site
from devhost.site.installations import Installation
from devhost.site.users import ADMINISTRATOR, User

# https://developer.atlassian.com/cloud/confluence/understanding-jwt/
CALLBACK_SECONDS = 180
CONTEXT_QSH = "context-qsh"


def _times(app: Installation, seconds: int) -> dict[str, int]:
    now = app.clock.now()
    return {"iat": now, "exp": now + seconds}


def install_token(site: Site, app: Installation, method: str, target: str) -> str:
    """Return the RS256 token of ``installed`` and ``uninstalled``."""
    claims: dict[str, Any] = {
        "iss": app.client_key,
        "aud": [str(app.descriptor["baseUrl"])],
        "sub": ADMINISTRATOR.account_id,
        "qsh": query_string_hash(method, target, base_path=app.base_path),
        "context": {},
        **_times(app, CALLBACK_SECONDS),
    }
    return jwt.encode(
        claims, site.private_key, algorithm="RS256", headers={"kid": site.key_id}
    )


def webhook_token(
    app: Installation,
    method: str,
    target: str,
    account_id: str | None = ADMINISTRATOR.account_id,
) -> str:
    """Return the HS256 token of a webhook, ``enabled`` and ``disabled`` included.

    Its subject is the account that caused the event; None leaves it out.
    """
    someone = User("", account_id, "")
    return url_token(app, method, target, user=someone, context={})


def url_token(
    app: Installation,
    method: str,
    target: str,
    *,
    user: User,
    context: dict[str, Any],
) -> str:
    """Return an HS256 token that is valid for one request of the host."""
    qsh = query_string_hash(method, target, base_path=app.base_path)
    return _symmetric_token(app, qsh, user, context, app.clock.url_seconds)


def context_token(app: Installation, *, user: User, context: dict[str, Any]) -> str:
    """Return the context JWT that ``AP.context.getToken`` gives to a page."""
    seconds = app.clock.context_seconds
    return _symmetric_token(app, CONTEXT_QSH, user, context, seconds)


def _symmetric_token(
    app: Installation, qsh: str, user: User, context: dict[str, Any], seconds: int
) -> str:
    # No aud, because Atlassian's own framework expects the client key there.
    claims: dict[str, Any] = {"iss": app.client_key, "qsh": qsh, "context": context}
    if user.account_id is not None:
        claims["sub"] = user.account_id
    return jwt.encode(
        {**claims, **_times(app, seconds)}, app.shared_secret, algorithm="HS256"
    )
