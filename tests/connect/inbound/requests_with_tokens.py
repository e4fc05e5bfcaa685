"""Helpers for requests with all kinds of tokens."""

import base64
import hashlib
import hmac
import time
from typing import Any

from flask.testing import FlaskClient

from tests.signing import (
    APP_KEY,
    CLIENT_KEY,
    MISSING,
    SECRET,
    authorization,
    host_token,
    install_token,
    payload,
)


def ask(client: FlaskClient, url: str, token: str, method: str = "GET") -> int:
    """Return the status of a request with a token and a matching lifecycle body."""
    body = payload(url.strip("/")) if method == "POST" else None
    answer = client.open(url, method=method, headers=authorization(token), json=body)
    return answer.status_code


def app_token(method: str, url: str, **claims: Any) -> str:
    """Sign a token as the app does for the host."""
    own = {"iss": APP_KEY, "aud": CLIENT_KEY, "sub": MISSING, "context": MISSING}
    return host_token(method, url, **{**own, **claims})


NOW = int(time.time())


HOUR = 3600


def payload_of(token: str) -> bytes:
    """Return the bytes of a token's payload."""
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


def raw_token(header: bytes, body: bytes, secret: str = SECRET) -> str:
    """Sign any bytes."""

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    signed = encode(header) + b"." + encode(body)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


def lifecycle(client: FlaskClient, event_name: str, **options: Any) -> int:
    url = f"/{event_name}"
    if event_name in ("installed", "uninstalled"):
        token = install_token(url)
    else:
        token = host_token("POST", url, **options)
    answer = client.post(url, json=payload(event_name), headers=authorization(token))
    return answer.status_code


def statuses(client: FlaskClient, *secrets: str) -> list[int]:
    return [ask(client, "/overview", host_token(secret=secret)) for secret in secrets]
