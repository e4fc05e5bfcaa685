"""Tokens with one thing wrong."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.connect.inbound.requests_with_tokens import (
    HOUR,
    NOW,
    ask,
    raw_token,
)
from tests.example import create_app
from tests.signing import (
    ACCOUNT_ID,
    APP_KEY,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    authorization,
    context_token,
    host_token,
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as-the-host-signs"),
        pytest.param({"iat": NOW + 20}, id="iat-within-the-leeway"),
        pytest.param({"sub": MISSING, "context": None}, id="anonymous-without-context"),
        pytest.param({"aud": "anything"}, id="aud-is-not-looked-at"),
        pytest.param({"headers": {"kid": "../../evil"}}, id="kid-is-not-looked-at"),
    ],
)
def test_a_good_token_is_accepted(
    client: FlaskClient, tenant: Tenant, changes: dict[str, Any]
) -> None:
    assert ask(client, "/overview", host_token(**changes)) == 200


def test_the_leeway_is_a_setting(
    config: dict[str, Any], client: FlaskClient, tenant: Tenant
) -> None:
    def expired() -> str:
        return host_token(exp=int(time.time()) - 10)

    strict = create_app({**config, "CONNECT_CLOCK_LEEWAY": 5})
    assert ask(client, "/overview", expired()) == 200
    assert ask(strict.test_client(), "/overview", host_token()) == 200
    assert ask(strict.test_client(), "/overview", expired()) == 401
    with strict.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # One for each check; protocol/ has the rest of what each refuses.
        pytest.param({"more": "x" * 8192}, "longer than 8 KB", id="size"),
        pytest.param({"iss": MISSING}, "iss is not a plain", id="iss"),
        pytest.param({"iss": APP_KEY}, "iss is this app", id="app"),
        pytest.param({"iss": f" {CLIENT_KEY}"}, "tenant is unknown", id="tenant"),
        pytest.param({"algorithm": "HS512"}, "the algorithm", id="algorithm"),
        pytest.param({"algorithm": "none", "secret": None}, "the algorithm", id="none"),
        pytest.param({"headers": {"crit": ["exp"]}}, "crit and b64", id="crit"),
        pytest.param({"secret": OTHER_SECRET}, "the signature", id="secret"),
        pytest.param({"iat": MISSING}, "iat is missing", id="required"),
        pytest.param({"sub": None}, "sub is not a plain", id="sub"),
        pytest.param({"exp": NOW - HOUR}, "exp is in the past", id="exp"),
        pytest.param({"iat": NOW + HOUR}, "iat is in the future", id="iat"),
        pytest.param({"nbf": NOW + HOUR}, "nbf is in the future", id="nbf"),
        pytest.param({"context": []}, "context is not an object", id="context"),
        pytest.param({"qsh": MISSING}, "qsh does not fit", id="qsh"),
        pytest.param({"qsh": "context-qsh"}, "qsh does not fit", id="qsh-context"),
    ],
)
def test_a_token_with_one_fault_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    reason: str,
) -> None:
    assert ask(client, "/overview", host_token(**changes)) == 401
    assert reason in caplog.text


def test_a_second_issuer_beside_the_known_one_is_refused(
    client: FlaskClient, tenant: Tenant
) -> None:
    """Names that repeat are read alike before and after the signature is checked."""
    good = {
        "sub": ACCOUNT_ID,
        "iat": NOW,
        "exp": NOW + HOUR,
        "qsh": signing.qsh("GET", "/overview"),
    }
    rest = json.dumps(good)[1:]

    def signed(*issuers: str) -> str:
        named = ", ".join(f'"iss": {json.dumps(issuer)}' for issuer in issuers)
        return raw_token(b'{"alg": "HS256"}', f"{{{named}, {rest}".encode())

    assert ask(client, "/overview", signed("unknown", CLIENT_KEY)) == 200
    assert ask(client, "/overview", signed(CLIENT_KEY, "unknown")) == 401


def test_a_token_that_was_touched_is_refused(
    client: FlaskClient, tenant: Tenant
) -> None:
    token = host_token()
    assert client.get("/overview", query_string={"jwt": token}).status_code == 200
    for touched in (
        token.rsplit(".", 1)[0] + ".",
        token[:-6] + "AAAAAA",
        token + "%00",
    ):
        answer = client.get("/overview", query_string={"jwt": touched})
        assert answer.status_code == 401


def test_the_token_of_one_tenant_names_no_other(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    install(clientKey="other", sharedSecret=OTHER_SECRET)
    other: dict[str, Any] = {"iss": "other", "secret": OTHER_SECRET}
    assert ask(client, "/overview", host_token(**other)) == 200
    assert ask(client, "/overview", host_token(secret=OTHER_SECRET)) == 401
    assert ask(client, "/overview", host_token(iss="other")) == 401
    token = host_token(**{**other, "aud": CLIENT_KEY})
    answer = client.get(
        "/api/context",
        headers=authorization(context_token(**{**other, "aud": [CLIENT_KEY]})),
    )
    assert answer.json is not None
    assert answer.json["clientKey"] == "other"
    assert ask(client, "/overview", token) == 200
