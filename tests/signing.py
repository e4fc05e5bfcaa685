"""Signing as a host does, without the code under test."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
from atlassian_jwt.url_utils import hash_url
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BASE_URL = "https://app.example.com"
APP_KEY = "com.example.framework-tests"
CLIENT_KEY = "11111111-2222-3333-4444-555555555555"
SECRET = "ATCO" + "s" * 60
OTHER_SECRET = "ATCO" + "o" * 60
SITE = "https://example.atlassian.net/wiki"
KEY_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
KEY_SERVER = "https://keys.example.com"
SECOND_KEY_SERVER = "https://second.example.com"
ACCOUNT_ID = "557058:00000000-1111-2222-3333-444444444444"

MISSING = object()
"""Marks a claim or field that is left out."""

INSTALL_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey = INSTALL_KEY) -> bytes:
    """Return a key server's answer for *key*."""
    return key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *base* with *changes*; MISSING removes a name."""
    both = {**base, **changes}
    return {name: value for name, value in both.items() if value is not MISSING}


def qsh(method: str, url: str) -> str:
    """Return the hash that the PyPI library atlassian-jwt computes."""
    hashed: str = hash_url(method, url)
    return hashed


def host_token(
    method: str = "GET",
    url: str = "/overview",
    *,
    secret: str = SECRET,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Sign a URL-bound token as the host does; *claims* change it."""
    now = int(time.time())
    usual = {
        "iss": CLIENT_KEY,
        "sub": ACCOUNT_ID,
        "iat": now,
        "exp": now + 180,
        "qsh": qsh(method, url),
        "context": {},
    }
    return jwt.encode(merged(usual, claims), secret, algorithm, headers=headers)


def context_token(**claims: Any) -> str:
    """Sign a token as ``AP.context.getToken`` gives it."""
    return host_token(**{"qsh": "context-qsh", **claims})


def install_token(
    url: str = "/installed",
    *,
    key: Any = INSTALL_KEY,
    algorithm: str = "RS256",
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Sign a signed-install token; *claims* and *headers* change it."""
    now = int(time.time())
    usual = {
        "iss": CLIENT_KEY,
        "sub": CLIENT_KEY,
        "aud": [BASE_URL],
        "iat": now,
        "exp": now + 180,
        "qsh": qsh("POST", url),
        "context": {},
    }
    header = merged({"kid": KEY_ID}, headers or {})
    return jwt.encode(merged(usual, claims), key, algorithm, headers=header)


def payload(event: str = "installed", **changes: Any) -> dict[str, Any]:
    """Return the body of a lifecycle event; *changes* change it."""
    usual = {
        "key": APP_KEY,
        "clientKey": CLIENT_KEY,
        "baseUrl": SITE,
        "displayUrl": "https://wiki.example.com/wiki",
        "productType": "confluence",
        "description": "Atlassian Confluence at https://example.atlassian.net/wiki",
        "serverVersion": "6452",
        "pluginsVersion": "1000.0.0",
        "eventType": event,
    }
    if event == "installed":
        usual["sharedSecret"] = SECRET
    return merged(usual, changes)


def authorization(token: str) -> dict[str, str]:
    """Return the header that carries *token*."""
    return {"Authorization": f"JWT {token}"}
