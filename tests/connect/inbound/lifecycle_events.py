"""Lifecycle events as a host sends them, and helpers to check their effects."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.connect import find_tenant
from app.connect.tenants.state import get_state
from tests import signing
from tests.signing import (
    CLIENT_KEY,
    SECRET,
    authorization,
    host_token,
    install_token,
    payload,
)

NOW = int(time.time())


SIGNED = ("installed", "uninstalled")


EVENTS = ("installed", "uninstalled", "enabled", "disabled")


CLOUD_ID = "6f2b7a3e-0000-4000-8000-000000000001"


INSTALLATION_ID = "ari:cloud:ecosystem::installation/1"


Send = Callable[..., TestResponse]


def token_for(event: str, **changes: Any) -> str:
    """Sign a callback as the host does."""
    if event in SIGNED:
        return install_token(f"/{event}", **changes)
    return host_token("POST", f"/{event}", **changes)


def deliver(
    client: FlaskClient, event: str, *, token: str | None = None, **body: Any
) -> TestResponse:
    """Deliver an event; the fields change its body, and its token with it."""
    sent = payload(event, **body)
    if token is None:
        token = token_for(event, iss=sent.get("clientKey"))
    return client.post(f"/{event}", json=sent, headers=authorization(token))


def secret_of(app: Flask, client_key: str = CLIENT_KEY) -> str:
    with app.app_context():
        credentials = get_state().tenants.load_credentials(client_key)
        assert credentials is not None
        return credentials.shared_secret


def is_installed(app: Flask, client_key: str = CLIENT_KEY) -> bool:
    with app.app_context():
        tenant = find_tenant(client_key)
    return tenant is not None and tenant.installed


def odd_claims(client: FlaskClient, event: str, **changes: Any) -> int:
    """Deliver an event whose claims PyJWT would not sign; return the status."""
    token = token_for(event)
    claims = jwt.decode(token, options={"verify_signature": False})
    body = json.dumps(signing.merged(claims, changes)).encode()
    key: Any = signing.INSTALL_KEY if event in SIGNED else SECRET
    algorithm = "RS256" if event in SIGNED else "HS256"
    headers = {"kid": signing.KEY_ID}
    token = jwt.PyJWS().encode(body, key, algorithm, headers=headers)
    return deliver(client, event, token=token).status_code
