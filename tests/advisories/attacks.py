"""Attack requests, and a check that the tenant is unchanged."""

import time
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.connect import find_tenant
from tests import signing
from tests.signing import (
    CLIENT_KEY,
    authorization,
    host_token,
    payload,
)

NOW = int(time.time())


HOUR = 3600


LIFECYCLE = ("installed", "uninstalled", "enabled", "disabled")


def post(
    client: FlaskClient, event: str, token: str | None, **changes: Any
) -> TestResponse:
    headers = {} if token is None else authorization(token)
    return client.post(f"/{event}", json=payload(event, **changes), headers=headers)


def get(client: FlaskClient, token: str, url: str = "/overview") -> int:
    return client.get(url, headers=authorization(token)).status_code


def base_url_of(app: Flask, client_key: str = CLIENT_KEY) -> str | None:
    with app.app_context():
        tenant = find_tenant(client_key)
    return None if tenant is None else tenant.base_url


def is_untouched(app: Flask, client: FlaskClient) -> bool:
    """Return whether the tenant is as the fixture installed it."""
    return base_url_of(app) == signing.SITE and get(client, host_token()) == 200
