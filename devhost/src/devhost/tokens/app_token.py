"""Verification of the token that an app sends with a REST call."""

import hmac
from typing import Any

import jwt

from devhost.protocol.query_string_hash import canonical_request, query_string_hash
from devhost.site import CONTEXT_PATH
from devhost.site.installations import Installation, Installations

MAX_TOKEN_LENGTH = 8192
LEEWAY_SECONDS = 30
REQUIRED_CLAIMS = ["iss", "iat", "exp", "qsh"]


class AppTokenError(Exception):
    """The token does not authenticate an app; the message tells its developer why."""


def app_token(authorization: str) -> str | None:
    """Return the token of an ``Authorization: JWT`` header, None if there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.upper() == "JWT" and token.strip() else None


def authenticate_app(
    installations: Installations,
    token: str,
    *,
    method: str,
    target: str,
    most_seconds: int = 0,
) -> Installation:
    """Return the app that signed *token* for this very request.

    It can be valid for ``most_seconds``; 0 for any time.

    :raises AppTokenError: if no app did.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise AppTokenError(f"the token is longer than {MAX_TOKEN_LENGTH} characters")
    app = _issuing_app(installations, token)
    claims = _verified_claims(token, app)
    _check_audience(claims.get("aud"), app)
    # Both are numbers, or numbers as text, because they have been verified.
    if most_seconds and int(claims["exp"]) - int(claims["iat"]) > most_seconds:
        raise AppTokenError(f"exp is more than {most_seconds} seconds after iat")
    _check_hash(claims["qsh"], method, target)
    return app


def _issuing_app(installations: Installations, token: str) -> Installation:
    try:
        claims = jwt.decode(
            token, algorithms=["HS256"], options={"verify_signature": False}
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise AppTokenError("it is not a JSON Web Token") from error
    issuer = claims.get("iss")
    app = installations.find_enabled(issuer) if isinstance(issuer, str) else None
    if app is None:
        raise AppTokenError("iss is not the key of an installed and enabled app")
    return app


def _verified_claims(token: str, app: Installation) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            app.shared_secret,
            algorithms=["HS256"],
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS, "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise AppTokenError(str(error)) from error


def _check_audience(audience: Any, app: Installation) -> None:
    audiences = audience if isinstance(audience, list) else [audience]
    if audience is not None and app.client_key not in audiences:
        raise AppTokenError("aud does not contain the client key")


def _check_hash(claimed: Any, method: str, target: str) -> None:
    expected = query_string_hash(method, target, base_path=CONTEXT_PATH)
    if not isinstance(claimed, str) or not hmac.compare_digest(
        claimed.encode("utf-8", "replace"), expected.encode()
    ):
        canonical = canonical_request(method, target, base_path=CONTEXT_PATH)
        raise AppTokenError(f"qsh does not match the canonical request {canonical}")
