"""Connect tokens (JWT): verification and signing.

Each kind of token has its own function and its own pinned algorithm, so that a token of
one kind is never accepted as another. Every failure is an :class:`InvalidTokenError`
whose message contains nothing from the token.

PyJWT's algorithms do the cryptography, but its ``decode`` is not used: it is more
lenient (seen with 2.15) and slower. It accepts ``exp`` and ``iat`` as strings, ``iat``
as a boolean, segments with padding, claims in UTF-16 or with half a surrogate pair, a
``crit`` that names ``b64``, and names of any length with control characters; it has no
size limit. It refuses a secret that looks like a public key and warns about a short
one, though Connect's secrets are opaque. And since the secret depends on ``iss``, PyJWT
would parse each token twice, at about six times the cost of this module.

https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

import json
import math
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from ..errors import InvalidSignatureError, InvalidTokenError
from .unverified_token import Claims, UnverifiedToken

OUTBOUND_LIFETIME: Final = 180
"""The lifetime of our tokens, in seconds."""

ASSERTION_LIFETIME: Final = 60
"""The lifetime of an assertion, in seconds; servers refuse more than 120."""

_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
_REQUIRED = ("iss", "iat", "exp")
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def issuer_of(token: UnverifiedToken) -> str:
    """Return the issuer that a token claims.

    :raises InvalidTokenError: if ``iss`` is not a plain name.
    """
    return _plain_name(token.claims, "iss")


def key_id_of(token: UnverifiedToken) -> str:
    """Return the ``kid`` of the header, safe to use in a URL path.

    :raises InvalidTokenError: if it is not 1 to 64 letters, digits and dashes.
    """
    key_id = token.header.get("kid")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise InvalidTokenError("kid is missing or malformed")
    return key_id


def decode_symmetric(
    token: UnverifiedToken,
    *,
    shared_secrets: Sequence[str],
    leeway: int,
    now: float | None = None,
) -> tuple[Claims, str]:
    """Verify a token with a tenant's shared secrets (HS256).

    Return its claims, and the secret that signed it.

    :raises InvalidSignatureError: if it was not signed with any of the secrets.
    :raises InvalidTokenError: if the algorithm or a claim is bad.
    """
    _check_header(token, "HS256")
    for secret in shared_secrets:
        key = secret.encode("utf-8", "surrogatepass")
        if key and _HS256.verify(token.signed, key, token.signature):
            return _checked_claims(token, leeway, now), secret
    raise InvalidSignatureError("the signature does not fit")


def read_unverified_install(
    token: UnverifiedToken, *, audience: str, leeway: int, now: float | None = None
) -> Claims:
    """Check everything about a signed install (RS256) but its signature.

    Return its claims; do not trust them before :func:`verify_install`. ``aud`` is a
    string, or a list that contains *audience*; one trailing slash is ignored.

    :raises InvalidTokenError: if the algorithm or a claim is bad.
    """
    _check_header(token, "RS256")
    claims = _checked_claims(token, leeway, now)
    audiences = claims.get("aud")
    if isinstance(audiences, str):
        audiences = [audiences]
    if not isinstance(audiences, list) or audience.removesuffix("/") not in [
        entry.removesuffix("/") for entry in audiences if isinstance(entry, str)
    ]:
        raise InvalidTokenError("aud is not this app's base URL")
    return claims


def verify_install(token: UnverifiedToken, public_key: RSAPublicKey) -> None:
    """Verify the signature of a signed install (RS256).

    :raises InvalidSignatureError: if the key did not sign it.
    """
    if not _RS256.verify(token.signed, public_key, token.signature):
        raise InvalidSignatureError("the signature does not fit")


def context_of(claims: Claims) -> dict[str, Any]:
    """Return the ``context`` of verified claims; empty if it is missing.

    :raises InvalidTokenError: if it is not an object.
    """
    context = claims.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise InvalidTokenError("context is not an object")
    return context


def account_id_of(claims: Claims) -> str | None:
    """Return the user of verified claims; None if the user is anonymous.

    It is ``sub`` or, if that is missing, the context's user, as older hosts send it.

    :raises InvalidTokenError: if the context's user is not a plain name.
    """
    if "sub" in claims:
        return str(claims["sub"])
    user = context_of(claims).get("user")
    if not isinstance(user, dict) or user.get("accountId") in (None, ""):
        return None
    return _plain_name(user, "accountId")


def encode_symmetric(claims: Claims, *, shared_secret: str) -> str:
    """Sign *claims* with a tenant's shared secret (HS256)."""
    header = {"typ": "JWT", "alg": "HS256"}
    signed = b".".join(_segment(json.dumps(part).encode()) for part in (header, claims))
    signature = _HS256.sign(signed, shared_secret.encode())
    return b".".join((signed, _segment(signature))).decode()


def outbound_claims(*, app_key: str, client_key: str, qsh: str) -> Claims:
    """Return the claims of a call from the app to a host."""
    now = int(time.time())
    return {
        "iss": app_key,
        "aud": client_key,
        "iat": now,
        "exp": now + OUTBOUND_LIFETIME,
        "qsh": qsh,
    }


def impersonation_claims(
    *, oauth_client_id: str, account_id: str, base_url: str, audience: str
) -> Claims:
    """Return the claims of the assertion that gets the app a user's access token.

    *audience* is the authorization server. Sign them with :func:`encode_symmetric`.
    https://developer.atlassian.com/cloud/confluence/user-impersonation-for-connect-apps/
    """
    now = int(time.time())
    return {
        "iss": f"urn:atlassian:connect:clientid:{oauth_client_id}",
        "sub": f"urn:atlassian:connect:useraccountid:{account_id}",
        "tnt": base_url,
        "aud": audience,
        "iat": now,
        "exp": now + ASSERTION_LIFETIME,
    }


def _segment(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def _check_header(token: UnverifiedToken, algorithm: str) -> None:
    header = token.header
    if header.get("alg") != algorithm:
        raise InvalidTokenError("the algorithm is not the one of this policy")
    # Both would change the meaning of the signature (RFC 7515 4.1.11, RFC 7797).
    if "crit" in header or "b64" in header:
        raise InvalidTokenError("crit and b64 are not supported")


def _checked_claims(token: UnverifiedToken, leeway: int, now: float | None) -> Claims:
    claims = token.claims
    now = time.time() if now is None else now
    for name in _REQUIRED:
        if name not in claims:
            raise InvalidTokenError(f"{name} is missing")
    _plain_name(claims, "iss")
    if "sub" in claims:
        _plain_name(claims, "sub")
    if _seconds(claims, "exp") <= now - leeway:
        raise InvalidTokenError("exp is in the past")
    if _seconds(claims, "iat") > now + leeway:
        raise InvalidTokenError("iat is in the future")
    if "nbf" in claims and _seconds(claims, "nbf") > now + leeway:
        raise InvalidTokenError("nbf is in the future")
    return claims


def _plain_name(claims: Claims, name: str) -> str:
    """Return a claim that is a name; printable, so safe for SQL and logs."""
    value = claims.get(name)
    if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable():
        return value
    raise InvalidTokenError(f"{name} is not a plain string")


def _seconds(claims: Claims, name: str) -> float:
    value = claims[name]
    if type(value) is int and abs(value) < 2**63:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise InvalidTokenError(f"{name} is not a number")
