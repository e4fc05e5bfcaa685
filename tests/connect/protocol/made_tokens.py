"""Hand-made tokens, good and bad."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from app.connect.errors import InvalidTokenError
from app.connect.protocol.tokens import (
    decode_symmetric,
    read_unverified_install,
    verify_install,
)
from app.connect.protocol.unverified_token import read_unverified_token
from tests import signing
from tests.signing import BASE_URL, SECRET, merged

NOW = 1_700_000_000


LEEWAY = 30


CLAIMS: dict[str, Any] = {
    "iss": "client",
    "sub": "canary",
    "aud": BASE_URL,
    "iat": NOW,
    "exp": NOW + 180,
    "qsh": "canary",
}


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(secret: str | bytes = SECRET) -> Callable[[bytes], bytes]:
    key = secret if isinstance(secret, bytes) else secret.encode()
    return lambda signed: hmac.digest(key, signed, "sha256")


def rs256(signed: bytes) -> bytes:
    return signing.INSTALL_KEY.sign(signed, padding.PKCS1v15(), SHA256())


# Signed by hand, since PyJWT refuses to sign much of what an attacker would send.
def assemble(header: bytes, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def symmetric(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a good HS256 token; *header* and *claims* change it."""
    usual = {"typ": "JWT", "alg": "HS256"}
    return assemble(
        json.dumps(merged(usual, header or {})).encode(),
        json.dumps(merged(CLAIMS, claims)).encode(),
        hs256(),
    )


def asymmetric(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a good RS256 token; *header* and *claims* change it."""
    usual = {"typ": "JWT", "alg": "RS256", "kid": signing.KEY_ID}
    return assemble(
        json.dumps(merged(usual, header or {})).encode(),
        json.dumps(merged(CLAIMS, claims)).encode(),
        rs256,
    )


def decode_hs(token: str, *, secret: str = SECRET, now: float = NOW) -> Any:
    claims, _ = decode_symmetric(
        read_unverified_token(token), shared_secrets=[secret], leeway=LEEWAY, now=now
    )
    return claims


def decode_rs(token: str, *, audience: str = BASE_URL, now: float | None = NOW) -> Any:
    unverified = read_unverified_token(token)
    claims = read_unverified_install(
        unverified, audience=audience, leeway=LEEWAY, now=now
    )
    verify_install(unverified, signing.INSTALL_KEY.public_key())
    return claims


KINDS = pytest.mark.parametrize(
    ("make", "decode"),
    [
        pytest.param(symmetric, decode_hs, id="symmetric"),
        pytest.param(asymmetric, decode_rs, id="asymmetric"),
    ],
)


def refusal(decode: Callable[[str], Any], token: str) -> str:
    """Return why *decode* refuses *token*, after checking the message for leaks."""
    with pytest.raises(InvalidTokenError) as caught:
        decode(token)
    message = str(caught.value)
    assert message
    assert "canary" not in message
    assert SECRET not in message
    for segment in token.split("."):
        assert len(segment) < 8 or segment not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


NAMES = [
    pytest.param(None, id="null"),
    pytest.param(1, id="number"),
    pytest.param(True, id="bool"),
    pytest.param(["canary"], id="list"),
    pytest.param({"canary": 1}, id="object"),
    pytest.param("", id="empty"),
    pytest.param("c" * 256, id="256-characters"),
    pytest.param("canary\x00", id="nul"),
    pytest.param("canary\n", id="newline"),
    pytest.param("canary\x1b[31m", id="escape-sequence"),
    pytest.param("canary\u202e", id="right-to-left-override"),
    pytest.param("canary\u2028", id="line-separator"),
]
