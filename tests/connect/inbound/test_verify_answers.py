"""Refused requests: the answer and the log."""

import base64
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests.connect.inbound.requests_with_tokens import HOUR, NOW, app_token, ask
from tests.example import create_app
from tests.signing import (
    ACCOUNT_ID,
    APP_KEY,
    CLIENT_KEY,
    OTHER_SECRET,
    SECRET,
    authorization,
    context_token,
    host_token,
)

FAILURES: dict[str, Callable[[], dict[str, str]]] = {
    "no-token": lambda: {},
    "not-a-token": lambda: authorization("x"),
    "bearer": lambda: {"Authorization": f"Bearer {host_token()}"},
    "unknown-tenant": lambda: authorization(host_token(iss="unknown")),
    "secret": lambda: authorization(host_token(secret=OTHER_SECRET)),
    "expired": lambda: authorization(host_token(exp=NOW - HOUR)),
    "qsh": lambda: authorization(host_token(qsh="x")),
    "context": lambda: authorization(context_token()),
    "app": lambda: authorization(app_token("GET", "/overview")),
}


NAMED = f"client_key={CLIENT_KEY!r}"
# Only the request id would tell the answers apart.
SAME = {"X-Request-Id": "same"}


CHECKS = {
    "no-token": "MissingTokenError: no token",
    "not-a-token": "InvalidTokenError: the token is malformed",
    "bearer": "MissingTokenError: no token",
    "unknown-tenant": "UnknownTenantError: the tenant is unknown; client_key='unknown'",
    "secret": f"InvalidSignatureError: the signature does not fit; {NAMED}",
    "expired": f"InvalidTokenError: exp is in the past; {NAMED}",
    "qsh": f"QshMismatchError: qsh does not fit; {NAMED}",
    "context": f"QshMismatchError: qsh does not fit; {NAMED}",
    "app": "InvalidTokenError: iss is this app, not a host",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_answered_alike(
    client: FlaskClient, tenant: Tenant, failure: str
) -> None:
    answer = client.get("/overview", headers=FAILURES[failure]() | SAME)
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}
    assert answer.data == b'{"error":"unauthorized"}\n'
    assert answer.headers["WWW-Authenticate"] == f'JWT realm="{APP_KEY}"'
    first = client.get("/overview", headers=SAME)
    assert {**answer.headers} == {**first.headers}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_browser_is_answered_with_a_page(
    client: FlaskClient, tenant: Tenant, failure: str
) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client.get("/overview", headers={**FAILURES[failure](), **accept})
    assert answer.status_code == 401
    assert answer.mimetype == "text/html"
    assert answer.headers["WWW-Authenticate"] == f'JWT realm="{APP_KEY}"'
    assert CLIENT_KEY not in answer.text
    first = client.get("/overview", headers=accept)
    assert without_nonce(answer) == without_nonce(first)


def without_nonce(answer: TestResponse) -> str:
    policy = answer.headers["Content-Security-Policy"]
    _, found, rest = policy.partition("'nonce-")
    return answer.text.replace(rest.partition("'")[0], "") if found else answer.text


@pytest.mark.parametrize("failure", FAILURES)
def test_the_log_names_the_check_and_the_tenant_and_no_secret(
    client: FlaskClient,
    tenant: Tenant,
    caplog: pytest.LogCaptureFixture,
    failure: str,
) -> None:
    headers = FAILURES[failure]()
    with caplog.at_level(logging.DEBUG):
        client.get("/overview?a=private", headers=headers)
    assert f"refused: GET '/overview': {CHECKS[failure]}" in caplog.text
    token = headers.get("Authorization", "").partition(" ")[2]
    for private in (SECRET, OTHER_SECRET, ACCOUNT_ID, "private", *token.split(".")):
        assert len(private) < 2 or private not in caplog.text


def test_an_issuer_can_t_add_a_field_to_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = "x; client_key=other installed: kind=first install"
    client.get("/overview", headers=authorization(host_token(iss=issuer)))
    assert caplog.messages[-1].endswith(f"; client_key={issuer!r}")


def test_the_log_of_a_success_holds_no_token(
    client: FlaskClient, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    token = host_token()
    with caplog.at_level(logging.DEBUG):
        assert ask(client, "/overview", token) == 200
    for private in (SECRET, *token.split(".")):
        assert private not in caplog.text


def test_a_line_break_in_the_path_does_not_forge_a_log_line(
    own_routes: None, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/mine/lines/a%0Arefused%0D").status_code == 401
    assert all("\n" not in record.getMessage() for record in caplog.records)
    assert all("\r" not in record.getMessage() for record in caplog.records)


def test_an_unreadable_secret_is_answered_503_and_named_in_the_log(
    config: dict[str, Any], tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    other = create_app({**config, "CONNECT_ENCRYPTION_KEYS": key})
    answer = other.test_client().get("/overview", headers=authorization(host_token()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "CONNECT_ENCRYPTION_KEYS" in caplog.text
    assert key not in caplog.text
    with other.app_context():
        db.engine.dispose()


def test_a_database_that_is_down_is_answered_503(
    config: dict[str, Any], tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({**config, "DATABASE_URL": f"sqlite:///{tmp_path}"})
    answer = app.test_client().get("/overview", headers=authorization(host_token()))
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert OperationalError.__name__ in caplog.text
    assert str(tmp_path) not in caplog.text
