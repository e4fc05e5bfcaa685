"""Lifecycle events that are not trusted: tokens and claims."""

from collections.abc import Callable
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.inbound.lifecycle_events import (
    EVENTS,
    NOW,
    SIGNED,
    deliver,
    odd_claims,
    token_for,
)
from tests.signing import (
    APP_KEY,
    BASE_URL,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    SECRET,
)

HOUR = 3600


# One for each check; protocol/ has the rest of what each refuses.
REFUSED_CLAIMS = [
    pytest.param({"iss": [CLIENT_KEY]}, id="iss"),
    pytest.param({"iss": "another"}, id="iss-of-another"),
    pytest.param({"iss": APP_KEY}, id="iss-is-the-app"),
    pytest.param({"sub": None}, id="sub"),
    pytest.param({"iat": MISSING}, id="iat-missing"),
    pytest.param({"iat": -(10**400)}, id="iat-no-float-holds"),
    pytest.param({"exp": NOW - HOUR}, id="exp-past"),
    pytest.param({"qsh": MISSING}, id="qsh-missing"),
    pytest.param({"qsh": "context-qsh"}, id="qsh-context"),
    pytest.param({"qsh": signing.qsh("GET", "/installed")}, id="qsh-get"),
    pytest.param({"qsh": signing.qsh("POST", "/overview")}, id="qsh-other-path"),
]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("claims", REFUSED_CLAIMS)
def test_a_token_with_one_fault_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    find: Callable[..., Tenant],
    audit: Callable[[], list[Any]],
    event: str,
    claims: dict[str, Any],
) -> None:
    before = find(), audit()
    assert odd_claims(client, event, **claims) == 401
    assert (find(), audit()) == before
    assert odd_claims(client, event) == 204


@pytest.mark.parametrize("event", SIGNED)
def test_the_app_itself_is_no_tenant(
    client: FlaskClient, keys: responses.RequestsMock, event: str
) -> None:
    # The body agrees with the token, so that nothing else refuses it.
    for name, status in (("another", 204), (APP_KEY, 401)):
        token = token_for(event, iss=name)
        answer = deliver(client, event, token=token, clientKey=name)
        assert answer.status_code == status


@pytest.mark.parametrize("event", SIGNED)
def test_the_log_says_whose_callback_was_refused(
    client: FlaskClient,
    keys: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    event: str,
) -> None:
    assert odd_claims(client, event, aud="https://other.example") == 401
    assert caplog.messages[-1].endswith(f"; client_key={CLIENT_KEY!r}")


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "aud",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(["https://other.example"], id="other"),
        pytest.param(f"{BASE_URL}.evil.example", id="longer-host"),
    ],
)
def test_another_audience_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    aud: Any,
) -> None:
    assert odd_claims(client, event, aud=aud) == 401
    assert odd_claims(client, event, aud=BASE_URL) == 204


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"kid": MISSING}, id="missing"),
        pytest.param({"kid": "../../evil"}, id="path"),
    ],
)
def test_a_malformed_key_id_is_never_fetched(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    headers: dict[str, Any],
) -> None:
    token = token_for(event, headers=headers)
    assert deliver(client, event, token=token).status_code == 401
    assert len(keys.calls) == 0


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"key": signing.OTHER_KEY}, id="another-key"),
        pytest.param({"algorithm": "RS384"}, id="rs384"),
        pytest.param({"algorithm": "HS256", "key": SECRET}, id="hs256-by-the-secret"),
        pytest.param({"algorithm": "none", "key": None}, id="none"),
        pytest.param({"headers": {"crit": ["kid"]}}, id="crit"),
    ],
)
def test_a_wrong_rs256_signature_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    changes: dict[str, Any],
) -> None:
    token = token_for(event, **changes)
    assert deliver(client, event, token=token).status_code == 401
    assert deliver(client, event).status_code == 204


@pytest.mark.parametrize("event", ["enabled", "disabled"])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"secret": OTHER_SECRET}, id="another-secret"),
        pytest.param({"algorithm": "HS384"}, id="hs384"),
        pytest.param({"algorithm": "none", "secret": None}, id="none"),
        pytest.param({"headers": {"crit": ["kid"]}}, id="crit"),
    ],
)
def test_a_wrong_hs256_signature_is_refused(
    client: FlaskClient, tenant: Tenant, event: str, changes: dict[str, Any]
) -> None:
    token = token_for(event, **changes)
    assert deliver(client, event, token=token).status_code == 401
    assert deliver(client, event).status_code == 204


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"clientKey": "another"}, id="clientKey"),
        pytest.param({"clientKey": CLIENT_KEY + "x"}, id="clientKey-longer"),
        pytest.param({"key": "com.example.another"}, id="key"),
        pytest.param({"key": APP_KEY.upper()}, id="key-case"),
        pytest.param({"eventType": "upgraded"}, id="eventType-unknown"),
        pytest.param({"eventType": "Installed"}, id="eventType-case"),
    ],
)
def test_a_body_that_contradicts_its_token_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    find: Callable[..., Tenant],
    event: str,
    body: dict[str, Any],
) -> None:
    before = find()
    answer = deliver(client, event, token=token_for(event), **body)
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}
    assert answer.headers["WWW-Authenticate"] == f'JWT realm="{APP_KEY}"'
    assert find() == before
    assert deliver(client, event, token=token_for(event)).status_code == 204
