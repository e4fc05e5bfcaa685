"""The user of a verified request."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from tests.connect.inbound.requests_with_tokens import ask
from tests.signing import (
    ACCOUNT_ID,
    CLIENT_KEY,
    MISSING,
    authorization,
    context_token,
    host_token,
)


@pytest.mark.parametrize(
    ("claims", "account_id"),
    [
        pytest.param({}, ACCOUNT_ID, id="sub"),
        pytest.param(
            {"sub": MISSING, "context": {"user": {"accountId": "other"}}},
            "other",
            id="context",
        ),
        pytest.param({"sub": MISSING}, None, id="neither"),
    ],
)
def test_the_user_is_read_from_the_claims(
    client: FlaskClient, tenant: Tenant, claims: dict[str, Any], account_id: str | None
) -> None:
    token = context_token(**claims)
    answer = client.get("/api/context", headers=authorization(token))
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["accountId"] == account_id
    assert answer.json["clientKey"] == CLIENT_KEY
    assert answer.json["context"] == (claims.get("context") or {})


def test_a_user_of_the_context_is_a_plain_name(
    client: FlaskClient, tenant: Tenant
) -> None:
    good = context_token(sub=MISSING, context={"user": {"accountId": "x"}})
    assert ask(client, "/api/context", good) == 200
    bad = context_token(sub=MISSING, context={"user": {"accountId": "a\nb"}})
    assert ask(client, "/api/context", bad) == 401


def test_the_next_request_has_its_own_user(
    own_routes: None, app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    with app.app_context():
        assert ask(client, "/mine", host_token("GET", "/mine")) == 200
        assert client.get("/mine/public").text == "nobody"
