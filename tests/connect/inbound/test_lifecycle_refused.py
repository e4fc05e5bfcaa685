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


REFUSED_CLAIMS = [
    pytest.param({"iss": MISSING}, id="iss-missing"),
    pytest.param({"iss": "another"}, id="iss-of-another"),
    pytest.param({"iss": APP_KEY}, id="iss-is-the-app"),
    pytest.param({"iss": [CLIENT_KEY]}, id="iss-list"),
    pytest.param({"iss": 1}, id="iss-number"),
    pytest.param({"exp": MISSING}, id="exp-missing"),
    pytest.param({"exp": NOW - HOUR}, id="exp-past"),
    pytest.param({"exp": str(NOW + HOUR)}, id="exp-string"),
    pytest.param({"iat": MISSING}, id="iat-missing"),
    pytest.param({"iat": NOW + HOUR}, id="iat-future"),
    pytest.param({"iat": -(10**400)}, id="iat-no-float-holds"),
    pytest.param({"iat": True}, id="iat-bool"),
    pytest.param({"nbf": NOW + HOUR}, id="nbf-future"),
    pytest.param({"sub": None}, id="sub-null"),
    pytest.param({"qsh": MISSING}, id="qsh-missing"),
    pytest.param({"qsh": "context-qsh"}, id="qsh-context"),
    pytest.param({"qsh": signing.qsh("GET", "/installed")}, id="qsh-get"),
    pytest.param({"qsh": signing.qsh("POST", "/overview")}, id="qsh-other-path"),
    pytest.param({"qsh": signing.qsh("POST", "/installed?a=1")}, id="qsh-query"),
    pytest.param({"qsh": None}, id="qsh-null"),
    pytest.param({"qsh": "ä"}, id="qsh-non-ascii"),
]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("claims", REFUSED_CLAIMS)
def test_refuses_a_token_with(
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
@pytest.mark.parametrize(
    "aud",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(None, id="null"),
        pytest.param([], id="empty-list"),
        pytest.param("", id="empty"),
        pytest.param(["https://other.example"], id="other"),
        pytest.param(f"{BASE_URL}.evil.example", id="longer-host"),
        pytest.param(f"{BASE_URL}/installed", id="longer-path"),
        pytest.param(f"https://evil.example/?{BASE_URL}", id="within"),
        pytest.param(BASE_URL[:-1], id="shorter"),
        pytest.param(f"{BASE_URL}//", id="two-slashes"),
        pytest.param(BASE_URL.upper(), id="upper-case"),
        pytest.param(BASE_URL.replace("https", "http"), id="http"),
        pytest.param({BASE_URL: 1}, id="object"),
        pytest.param([[BASE_URL]], id="nested"),
        pytest.param(1, id="number"),
        pytest.param(APP_KEY, id="app-key"),
    ],
)
def test_refuses_another_audience(
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
        pytest.param({"kid": ""}, id="empty"),
        pytest.param({"kid": "../../evil"}, id="path"),
        pytest.param({"kid": "a/b"}, id="slash"),
        pytest.param({"kid": "a.b"}, id="dot"),
        pytest.param({"kid": "a%2Fb"}, id="escape"),
        pytest.param({"kid": "a?b"}, id="query"),
        pytest.param({"kid": "a@evil.example"}, id="at"),
        pytest.param({"kid": "a\n"}, id="line-break"),
        pytest.param({"kid": "k" * 65}, id="long"),
        pytest.param({"kid": "ä"}, id="non-ascii"),
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
        pytest.param({"algorithm": "RS512"}, id="rs512"),
        pytest.param({"algorithm": "PS256"}, id="ps256"),
        pytest.param({"algorithm": "HS256", "key": SECRET}, id="hs256-by-the-secret"),
        pytest.param({"algorithm": "none", "key": None}, id="none"),
        pytest.param({"headers": {"crit": ["kid"]}}, id="crit"),
    ],
)
def test_refuses_another_signature(
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
def test_refuses_another_symmetric_signature(
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
def test_refuses_a_body_that_contradicts_its_token(
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
