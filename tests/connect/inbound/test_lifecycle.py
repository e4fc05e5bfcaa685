"""Accepted lifecycle events, and what they store."""

from collections.abc import Callable
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.connect.inbound.lifecycle_events import (
    CLOUD_ID,
    EVENTS,
    INSTALLATION_ID,
    Send,
    odd_claims,
    secret_of,
)
from tests.example import create_app
from tests.installing import StoredRows
from tests.signing import (
    BASE_URL,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    SECRET,
    SITE,
    authorization,
    install_token,
    payload,
)

"""An event's name, its token, and the fields that its body changes."""


def test_a_tenant_is_stored_as_the_host_describes_it(
    app: Flask, send: Send, find: Callable[..., Tenant]
) -> None:
    answer = send(
        "installed",
        oauthClientId="oauth",
        cloudId=CLOUD_ID,
        installationId=INSTALLATION_ID,
        entitlementId="e-id",
        entitlementNumber="e-number",
        serviceEntitlementNumber="sen",
    )
    assert (answer.status_code, answer.data) == (204, b"")
    tenant = find()
    assert tenant.client_key == CLIENT_KEY
    assert tenant.base_url == SITE
    assert tenant.display_url == "https://wiki.example.com/wiki"
    assert tenant.product_type == "confluence"
    assert tenant.oauth_client_id == "oauth"
    assert tenant.cloud_id == CLOUD_ID
    assert tenant.installation_id == INSTALLATION_ID
    assert tenant.entitlement_id == "e-id"
    assert tenant.entitlement_number == "e-number"
    assert tenant.state == "enabled"
    assert secret_of(app) == SECRET


def test_a_secret_is_stored_encrypted_only(app: Flask, send: Send) -> None:
    assert send("installed").status_code == 204
    assert send("installed", sharedSecret=OTHER_SECRET).status_code == 204
    stored = repr(StoredRows.read(app).rows)
    assert CLIENT_KEY in stored
    assert SECRET not in stored
    assert OTHER_SECRET not in stored


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"displayUrl": MISSING}, {"display_url": SITE}, id="no-display"),
        pytest.param({"displayUrl": ""}, {"display_url": SITE}, id="empty-display"),
        pytest.param({"displayUrl": None}, {"display_url": SITE}, id="null-display"),
        pytest.param(
            {"baseUrl": "https://example.atlassian.net", "productType": "jira"},
            {"base_url": "https://example.atlassian.net", "product_type": "jira"},
            id="jira",
        ),
        pytest.param(
            {"baseUrl": f"{SITE}/"}, {"base_url": SITE}, id="slash-at-the-end"
        ),
        pytest.param(
            {"baseUrl": "HTTPS://EXAMPLE.Atlassian.NET/wiki"},
            {"base_url": SITE},
            id="upper-case-host",
        ),
        pytest.param(
            {"baseUrl": "https://example.atlassian.net:443/wiki"},
            {"base_url": SITE},
            id="usual-port",
        ),
        pytest.param(
            {"baseUrl": "https://example.jira.com/wiki"},
            {"base_url": "https://example.jira.com/wiki"},
            id="jira.com",
        ),
        pytest.param(
            {"productType": MISSING}, {"product_type": "confluence"}, id="no-product"
        ),
        pytest.param(
            {"productType": "Confluence"}, {"product_type": "confluence"}, id="case"
        ),
        pytest.param({"somethingNew": {"a": [1]}}, {}, id="unknown-field"),
        pytest.param({"sharedSecret": "s" * 400}, {}, id="400-byte-secret"),
        pytest.param({"sharedSecret": "é" * 200}, {}, id="400-bytes-of-non-ascii"),
        pytest.param({"sharedSecret": "s"}, {}, id="one-byte-secret"),
        pytest.param({"sharedSecret": "a\0b\n"}, {}, id="secret-is-opaque"),
        pytest.param({"description": "\ud800\0"}, {}, id="odd-field-not-stored"),
    ],
)
def test_an_install_is_accepted(
    app: Flask,
    send: Send,
    find: Callable[..., Tenant],
    changes: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    assert send("installed", **changes).status_code == 204
    for name, value in expected.items():
        assert getattr(find(), name) == value
    assert secret_of(app) == changes.get("sharedSecret", SECRET)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "aud",
    [
        pytest.param(BASE_URL, id="string"),
        pytest.param(f"{BASE_URL}/", id="string-with-slash"),
        pytest.param([BASE_URL], id="list"),
        pytest.param([f"{BASE_URL}/"], id="list-with-slash"),
        pytest.param(["https://other.example", BASE_URL], id="second"),
        pytest.param([1, None, BASE_URL], id="beside-what-is-no-text"),
    ],
)
def test_the_app_as_audience_is_accepted(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    aud: Any,
) -> None:
    assert odd_claims(client, event, aud=aud) == 204


def test_a_base_path_is_part_of_the_audience_but_not_of_the_hash(
    config: dict[str, Any], app: Flask, keys: responses.RequestsMock
) -> None:
    base_url = f"{BASE_URL}/base"
    below = create_app({**config, "CONNECT_BASE_URL": base_url})
    client = below.test_client()

    def status(url: str, **claims: Any) -> int:
        headers = authorization(install_token(**claims))
        return client.post(url, json=payload(), headers=headers).status_code

    assert status("/base/installed", aud=[base_url]) == 204
    assert status("/installed", aud=[base_url]) == 204
    assert status("/base/installed", aud=[BASE_URL]) == 401
    hashed = signing.qsh("POST", "/base/installed")
    assert status("/base/installed", aud=[base_url], qsh=hashed) == 401
    with below.app_context():
        db.engine.dispose()
