"""Sites, and their tokens: genuine ones, and forged ones of every kind."""

import json
import secrets
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from atlassian_jwt.url_utils import hash_url
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

APP_KEY = "com.example.chaos"
KNOWN_KEY_ID = "good-known"
ACCOUNT_ID = "557058:00000000-1111-2222-3333-444444444444"
LIFETIME = 180
"""Seconds that the host's tokens live."""

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_FORGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PEM = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

Claims = dict[str, Any]


@dataclass
class Site:
    """A site that has the app installed."""

    client_key: str
    secret: str
    base_url: str
    unsure: bool = False
    """Whether a new secret was sent that was never answered."""
    busy: threading.Lock = field(default_factory=threading.Lock)


def new_site(host: str) -> Site:
    """Return a site with a fresh secret on the *host* with a URL."""
    client_key = str(uuid.uuid4())
    return Site(client_key, new_secret(), f"{host}/{client_key}/wiki")


def new_secret() -> str:
    """Return a secret like Atlassian's."""
    return "ATCO" + secrets.token_urlsafe(96)


def new_key_id() -> str:
    """Return an install key id that the app has not seen yet."""
    return f"good-{uuid.uuid4()}"


def install_key(path: str) -> tuple[int, str, bytes]:
    """Answer as a key server: it knows every key id that begins with ``good-``."""
    if "/good-" in path:
        return 200, "application/x-pem-file", _PEM
    return 404, "text/plain", b"no such key"


def rest_answer(path: str) -> tuple[int, str, bytes]:
    """Answer as the host's REST API."""
    return 200, "application/json", b'{"results": [], "size": 0}'


def claims(site: Site, method: str, path: str, *, at: float = 0) -> Claims:
    """Return the claims of a host whose clock is *at* seconds ahead of ours."""
    now = int(time.time() + at)
    return {
        "iss": site.client_key,
        "sub": ACCOUNT_ID,
        "iat": now,
        "exp": now + LIFETIME,
        "qsh": hash_url(method, path),
        "context": {},
    }


def sign(made: Claims, secret: str) -> str:
    """Sign with a shared secret."""
    return jwt.encode(made, secret, "HS256")


def install_claims(site: Site, app_url: str, path: str, *, at: float = 0) -> Claims:
    """Return the claims of a signed install."""
    made = claims(site, "POST", path, at=at)
    return {**made, "sub": site.client_key, "aud": [app_url]}


def sign_install(made: Claims, *, key_id: str = KNOWN_KEY_ID, key: Any = _KEY) -> str:
    """Sign with an install key."""
    return jwt.encode(made, key, "RS256", headers={"kid": key_id})


def unsigned(made: Claims) -> str:
    """Return a token with the algorithm ``none``."""
    parts = ({"typ": "JWT", "alg": "none", "kid": KNOWN_KEY_ID}, made)
    texts = (urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join([*(text.rstrip(b"=").decode() for text in texts), ""])


def installation(site: Site, secret: str) -> dict[str, Any]:
    """Return the body of an ``installed`` event."""
    return {
        "key": APP_KEY,
        "clientKey": site.client_key,
        "sharedSecret": secret,
        "baseUrl": site.base_url,
        "displayUrl": site.base_url,
        "productType": "confluence",
        "description": "A site",
        "serverVersion": "6452",
        "pluginsVersion": "1000.0.0",
        "eventType": "installed",
    }


def page_created(number: int) -> dict[str, Any]:
    """Return the body of a webhook about the page with a *number*."""
    page = {"id": number, "title": f"Page {number}", "spaceKey": "DS", "version": 1}
    return {"timestamp": 1_763_712_000_000 + number, "page": page}


Forge = Callable[[Claims, Site, Site], str]

FORGERIES: dict[str, Forge] = {
    "another secret": lambda made, site, other: sign(made, new_secret()),
    "another tenant's secret": lambda made, site, other: sign(made, other.secret),
    "expired": lambda made, site, other: sign(
        {**made, "iat": made["iat"] - 3600, "exp": made["exp"] - 3600}, site.secret
    ),
    "another URL's qsh": lambda made, site, other: sign(
        {**made, "qsh": hash_url("GET", "/chaos/another")}, site.secret
    ),
    "alg none": lambda made, site, other: unsigned(made),
}
"""Forged tokens for pages and webhooks: claims, their site, and another site."""

FORGED_INSTALLS: dict[str, Forge] = {
    "another install key": lambda made, site, other: sign_install(
        made, key=_FORGERS_KEY
    ),
    "expired": lambda made, site, other: sign_install(
        {**made, "iat": made["iat"] - 3600, "exp": made["exp"] - 3600}
    ),
    "another URL's qsh": lambda made, site, other: sign_install(
        {**made, "qsh": hash_url("POST", "/uninstalled")}
    ),
    "another app's aud": lambda made, site, other: sign_install(
        {**made, "aud": ["https://another.example.com"]}
    ),
    "another tenant": lambda made, site, other: sign_install(
        {**made, "iss": other.client_key}
    ),
    "the tenant's secret": lambda made, site, other: sign(made, site.secret),
    "alg none": lambda made, site, other: unsigned(made),
}
"""Forged tokens for installs, which try to replace the secret of a site."""
