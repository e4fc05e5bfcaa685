"""What the four lifecycle callbacks believe, store and tell."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from app.connect import (
    find_tenant,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_uninstalled,
)
from app.connect.tenants.models import InstallKind, Tenant, TenantEvent
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.signing import (
    APP_KEY,
    BASE_URL,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    SECRET,
    SITE,
    authorization,
    host_token,
    install_token,
    payload,
)

NOW = int(time.time())
HOUR = 3600
SIGNED = ("installed", "uninstalled")
EVENTS = ("installed", "uninstalled", "enabled", "disabled")
CLOUD_ID = "6f2b7a3e-0000-4000-8000-000000000001"
INSTALLATION_ID = "ari:cloud:ecosystem::installation/1"

Send = Callable[..., TestResponse]
Event = tuple[str, str, dict[str, Any]]
"""An event's name, its token, and the fields that its body changes."""


@pytest.fixture
def keys() -> Iterator[responses.RequestsMock]:
    """A key server that may be asked or not."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        yield mock


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


@pytest.fixture
def send(client: FlaskClient, keys: responses.RequestsMock) -> Send:
    def deliver_to_app(event: str, **options: Any) -> TestResponse:
        return deliver(client, event, **options)

    return deliver_to_app


@pytest.fixture
def audit(app: Flask) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
    """Read the audit trail: events with their details, but for times and URLs."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        query = select(TenantEvent.event, TenantEvent.details).order_by(TenantEvent.id)
        with app.app_context():
            rows = db.session.execute(query).all()
        return [
            (event, {k: v for k, v in details.items() if k != "base_url"})
            for event, details in rows
        ]

    return read


@pytest.fixture
def find(app: Flask) -> Callable[..., Tenant]:
    def read(client_key: str = CLIENT_KEY) -> Tenant:
        with app.app_context():
            tenant = find_tenant(client_key)
        assert tenant is not None
        return tenant

    return read


def secret_of(app: Flask, client_key: str = CLIENT_KEY) -> str:
    with app.app_context():
        credentials = get_state().tenants.load_credentials(client_key)
        assert credentials is not None
        return credentials.shared_secret


def is_installed(app: Flask, client_key: str = CLIENT_KEY) -> bool:
    with app.app_context():
        tenant = find_tenant(client_key)
    return tenant is not None and tenant.installed


# --- accepted --------------------------------------------------------------------


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


def test_a_secret_is_stored_encrypted_only(
    app: Flask, send: Send, tmp_path: Any
) -> None:
    assert send("installed").status_code == 204
    assert send("installed", sharedSecret=OTHER_SECRET).status_code == 204
    stored = b"".join(p.read_bytes() for p in tmp_path.glob("app.sqlite3*"))
    assert CLIENT_KEY.encode() in stored
    assert SECRET.encode() not in stored
    assert OTHER_SECRET.encode() not in stored


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
def test_accepts_an_install(
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
def test_accepts_the_app_as_the_audience(
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


# --- refused ---------------------------------------------------------------------


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


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("other", EVENTS)
def test_refuses_the_body_of_another_event(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    other: str,
) -> None:
    answer = deliver(client, event, token=token_for(event), eventType=other)
    assert answer.status_code == (204 if other == event else 401)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("other", EVENTS)
def test_refuses_the_token_of_another_event(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    other: str,
) -> None:
    answer = deliver(client, event, token=token_for(other))
    assert answer.status_code == (204 if other == event else 401)


@pytest.mark.parametrize(
    "base_url",
    [
        pytest.param("http://example.atlassian.net/wiki", id="http"),
        pytest.param("ftp://example.atlassian.net/wiki", id="ftp"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("//example.atlassian.net/wiki", id="no-scheme"),
        pytest.param("example.atlassian.net/wiki", id="no-scheme-at-all"),
        pytest.param("https://u@example.atlassian.net/wiki", id="user"),
        pytest.param("https://u:p@example.atlassian.net/wiki", id="password"),
        pytest.param("https://evil.example\\@x.atlassian.net", id="back-slash"),
        pytest.param("https://evil.example/\\x.atlassian.net", id="back-slash-in-path"),
        pytest.param("https://evil.example#.atlassian.net", id="fragment-for-host"),
        pytest.param("https://evil.example?.atlassian.net", id="query-for-host"),
        pytest.param("https://example.atlassian.net/wiki?a=1", id="query"),
        pytest.param("https://example.atlassian.net/wiki#a", id="fragment"),
        pytest.param("https://example.atlassian.net/wiki/../x", id="dot-dot"),
        pytest.param("https://example.atlassian.net/%2e%2e", id="escape"),
        pytest.param("https://example.atlassian.net//wiki", id="two-slashes"),
        pytest.param("https://example.atlassian.net.evil.example", id="longer-host"),
        pytest.param("https://evilatlassian.net", id="suffix-without-a-dot"),
        pytest.param("https://atlassian.net", id="the-suffix-itself"),
        pytest.param("https://.atlassian.net", id="empty-label"),
        pytest.param("https://evil.example/.atlassian.net", id="suffix-in-path"),
        pytest.param("https://example.atlassian.net.", id="dot-at-the-end"),
        pytest.param("https://example.atlassian.net:0/wiki", id="port-0"),
        pytest.param("https://example.atlassian.net:65536/wiki", id="port-too-high"),
        pytest.param("https://example.atlassian.net:x/wiki", id="port-no-number"),
        pytest.param("https://ex ample.atlassian.net", id="space"),
        pytest.param("https://exämple.atlassian.net", id="non-ascii"),
        pytest.param("https://example.atlassian。net", id="ideographic-dot"),
        pytest.param("https://127.0.0.1/wiki", id="address"),
        pytest.param("https://169.254.169.254", id="link-local"),
        pytest.param("http://localhost:8090/wiki", id="loopback-is-not-allowed-here"),
        pytest.param("https://[::1]/wiki", id="ipv6"),
        pytest.param("https://", id="no-host"),
    ],
)
def test_refuses_a_base_url(app: Flask, send: Send, base_url: str) -> None:
    assert send("installed", baseUrl=base_url).status_code == 401
    assert not is_installed(app)


@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        pytest.param("http://localhost:8090/wiki", 204, id="loopback"),
        pytest.param("http://localhost.:8090/wiki", 401, id="dot"),
        pytest.param("http://sub.localhost:8090/wiki", 401, id="below-an-exact-entry"),
        pytest.param("https://example.atlassian.net/wiki", 401, id="no-longer-allowed"),
    ],
)
def test_the_allowed_hosts_are_a_setting(
    config: dict[str, Any],
    app: Flask,
    keys: responses.RequestsMock,
    base_url: str,
    status: int,
) -> None:
    local = create_app({**config, "CONNECT_ALLOWED_HOSTS": "localhost"})
    answer = deliver(local.test_client(), "installed", baseUrl=base_url)
    assert answer.status_code == status
    with local.app_context():
        db.engine.dispose()


# --- bodies that can't be read ---------------------------------------------------


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"\xff\xfe\xff", id="not-text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"installed"', id="string"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b"[" * 30_000, id="deep"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deep-objects"),
        pytest.param(b'{"a": ' + b"9" * 10_000 + b"}", id="long-number"),
        pytest.param(b"clientKey=1", id="form"),
    ],
)
def test_a_trusted_body_that_is_no_event_is_a_bad_request(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    find: Callable[..., Tenant],
    event: str,
    body: bytes,
) -> None:
    before = find()
    answer = client.post(
        f"/{event}", data=body, headers=authorization(token_for(event))
    )
    assert answer.status_code == 400
    assert answer.json == {"error": "bad_request"}
    assert find() == before


STORED = (
    *("clientKey", "baseUrl", "displayUrl", "productType", "oauthClientId"),
    *("installationId", "cloudId", "entitlementId", "entitlementNumber"),
    *("serviceEntitlementNumber",),
)
WRONG = [
    pytest.param(1, id="number"),
    pytest.param(True, id="bool"),
    pytest.param(["x"], id="list"),
    pytest.param({"a": 1}, id="object"),
    pytest.param("a\0b", id="nul"),
    pytest.param("a\ud800b", id="half-a-character"),
    pytest.param("a\nb", id="line-break"),
    pytest.param("a\u202eb", id="right-to-left"),
    pytest.param("x" * 256, id="long"),
]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", STORED)
def test_a_field_that_does_not_fit_the_database_is_a_bad_request(
    app: Flask,
    client: FlaskClient,
    keys: responses.RequestsMock,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, "installed", token=install_token(), **{field: value})
    assert answer.status_code == 400
    assert not is_installed(app)
    assert deliver(client, "installed").status_code == 204


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", ["clientKey", "key", "eventType"])
@pytest.mark.parametrize("event", ["uninstalled", "enabled", "disabled"])
def test_a_field_of_another_event_is_a_bad_request_too(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, event, token=token_for(event), **{field: value})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(None, id="null"),
        pytest.param(1, id="number"),
        pytest.param(["x"], id="list"),
        pytest.param("s" * 401, id="401-bytes"),
        pytest.param("é" * 201, id="402-bytes-of-non-ascii"),
        pytest.param("\ud800", id="half-a-character"),
    ],
)
def test_a_secret_that_is_none_is_a_bad_request(
    app: Flask, send: Send, secret: Any
) -> None:
    assert send("installed", sharedSecret=secret).status_code == 400
    assert not is_installed(app)


@pytest.mark.parametrize("field", ["clientKey", "key", "eventType", "baseUrl"])
@pytest.mark.parametrize("value", [MISSING, None, ""], ids=["missing", "null", "empty"])
def test_a_required_field_is_required(
    app: Flask,
    client: FlaskClient,
    keys: responses.RequestsMock,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, "installed", token=install_token(), **{field: value})
    assert answer.status_code == 400
    assert not is_installed(app)


@pytest.mark.parametrize(
    "display_url",
    ["http://wiki.example.com", "https://u@h.example", "https://h.example;x", "x"],
)
def test_a_display_url_is_a_plain_one(app: Flask, send: Send, display_url: str) -> None:
    assert send("installed", displayUrl=display_url).status_code == 400
    assert not is_installed(app)


def test_a_lower_case_product_type_still_fits_the_database(
    send: Send, find: Callable[..., Tenant]
) -> None:
    """One character may become two in lower case."""
    assert send("installed", productType="\u0130" * 255).status_code == 400
    assert send("installed", productType="\u0130" * 100).status_code == 204
    assert len(find().product_type) <= 255


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_over_64_kb_is_not_read(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    content_type: str,
) -> None:
    def status(size: int) -> int:
        body = json.dumps(payload(event)).encode()
        return client.post(
            f"/{event}",
            data=body + b" " * (size - len(body)),
            content_type=content_type,
            headers=authorization(token_for(event)),
        ).status_code

    assert status(65_537) == 413
    assert status(65_536) == 204


def test_an_untrusted_body_is_never_read(client: FlaskClient, tenant: Tenant) -> None:
    answer = client.post("/enabled", data=b"x" * 70_000)
    assert answer.status_code == 401
    answer = client.post("/enabled", data=b"x", headers=authorization("x"))
    assert answer.status_code == 401


def test_the_log_of_a_bad_body_holds_nothing_of_it(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    assert send("installed", cloudId="private\0").status_code == 400
    assert "missing or malformed: cloudId" in caplog.text
    assert "private" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("event", EVENTS)
def test_the_log_of_an_event_holds_no_secret(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    event: str,
) -> None:
    token = token_for(event)
    with caplog.at_level("DEBUG", logger="app"):
        assert deliver(client, event, token=token).status_code == 204
    assert f"{event}: client_key={CLIENT_KEY}" in caplog.text
    for private in (SECRET, *token.split(".")):
        assert private not in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    event=st.sampled_from(EVENTS),
    changes=st.dictionaries(
        st.sampled_from([*STORED, "sharedSecret", "key", "eventType", "x"]),
        json_values,
        max_size=3,
    ),
    raw=st.none() | st.binary(max_size=60),
)
def test_no_signed_body_is_a_500(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    changes: dict[str, Any],
    raw: bytes | None,
) -> None:
    body = json.dumps(payload(event, **changes)).encode() if raw is None else raw
    answer = client.post(
        f"/{event}", data=body, headers=authorization(token_for(event))
    )
    assert answer.status_code in (204, 400, 401)
    assert deliver(client, "installed").status_code == 204


# --- key servers and database down -----------------------------------------------


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "outage",
    [
        pytest.param({"body": requests.ConnectionError()}, id="connection"),
        pytest.param({"body": requests.Timeout()}, id="timeout"),
        pytest.param({"body": requests.exceptions.SSLError()}, id="tls"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"status": 429}, id="429"),
    ],
)
def test_key_servers_that_are_down_are_answered_503(
    config: dict[str, Any],
    tenant: Tenant,
    network: responses.RequestsMock,
    find: Callable[..., Tenant],
    event: str,
    outage: dict[str, Any],
) -> None:
    # A worker that has not yet fetched the key.
    app = create_app(config)
    network.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", **outage)
    network.get(f"{signing.SECOND_KEY_SERVER}/{signing.KEY_ID}", **outage)
    before = find()
    answer = deliver(app.test_client(), event)
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert int(answer.headers["Retry-After"]) > 0
    assert find() == before
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("event", EVENTS)
def test_a_database_that_is_read_only_is_answered_503(
    config: dict[str, Any],
    app: Flask,
    tenant: Tenant,
    keys: responses.RequestsMock,
    tmp_path: Any,
    caplog: pytest.LogCaptureFixture,
    event: str,
) -> None:
    url = f"sqlite:///file:{tmp_path / 'app.sqlite3'}?mode=ro&uri=true"
    reader = create_app({**config, "DATABASE_URL": url})
    answer = deliver(reader.test_client(), event)
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert int(answer.headers["Retry-After"]) > 0
    assert SECRET not in caplog.text
    with reader.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", ["unreachable", "not-a-database", "no-tables"])
def test_a_database_that_is_broken_is_answered_503(
    config: dict[str, Any],
    keys: responses.RequestsMock,
    tmp_path: Any,
    event: str,
    kind: str,
) -> None:
    path = tmp_path / kind
    if kind == "unreachable":
        path.mkdir()
    elif kind == "not-a-database":
        path.write_bytes(b"junk" * 1000)
    app = create_app({**config, "DATABASE_URL": f"sqlite:///{path}"})
    answer = deliver(app.test_client(), event)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    with app.app_context():
        db.engine.dispose()


# --- order, kinds, audit and signals ---------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({}, InstallKind.UPGRADE, id="upgrade"),
        pytest.param({"displayUrl": MISSING}, InstallKind.UPGRADE, id="display-url"),
        pytest.param(
            {"sharedSecret": OTHER_SECRET}, InstallKind.SECRET_ROTATION, id="secret"
        ),
        pytest.param(
            {"baseUrl": "https://renamed.atlassian.net/wiki"},
            InstallKind.BASE_URL_CHANGE,
            id="base-url",
        ),
        pytest.param(
            {
                "baseUrl": "https://renamed.atlassian.net/wiki",
                "sharedSecret": OTHER_SECRET,
            },
            InstallKind.BASE_URL_CHANGE,
            id="base-url-and-secret",
        ),
        pytest.param({"baseUrl": f"{SITE}/"}, InstallKind.UPGRADE, id="same-base-url"),
    ],
)
def test_an_install_of_a_known_tenant_says_its_kind(
    app: Flask,
    send: Send,
    audit: Callable[[], list[Any]],
    changes: dict[str, Any],
    kind: InstallKind,
) -> None:
    told = []

    def listen(sender: Flask, **about: Any) -> None:
        told.append((sender, about))

    with tenant_installed.connected_to(listen):
        assert send("installed").status_code == 204
        assert send("installed", **changes).status_code == 204
    assert [about["kind"] for _, about in told] == [InstallKind.FIRST, kind]
    assert all(sender is app for sender, _ in told)
    assert told[0][1]["tenant"].client_key == CLIENT_KEY
    assert audit() == [
        ("installed", {"kind": "first install"}),
        ("installed", {"kind": kind.value}),
    ]
    assert secret_of(app) == changes.get("sharedSecret", SECRET)


def test_a_return_keeps_the_row_and_says_so(
    send: Send, find: Callable[..., Tenant], audit: Callable[[], list[Any]]
) -> None:
    assert send("installed").status_code == 204
    first = find()
    assert send("disabled").status_code == 204
    assert send("uninstalled").status_code == 204
    gone = find()
    assert gone.state == "uninstalled"
    assert gone.uninstalled_at is not None
    assert send("installed").status_code == 204
    back = find()
    assert back.id == first.id
    assert back.state == "enabled"
    assert back.uninstalled_at is None
    assert back.installed_at >= first.installed_at
    assert audit() == [
        ("installed", {"kind": "first install"}),
        ("disabled", {}),
        ("uninstalled", {}),
        ("installed", {"kind": "return after uninstall"}),
    ]


@pytest.mark.parametrize(
    "order",
    [("disabled", "uninstalled"), ("uninstalled", "disabled")],
    ids=["disabled-first", "uninstalled-first"],
)
def test_disabled_and_uninstalled_arrive_in_any_order(
    send: Send, find: Callable[..., Tenant], order: tuple[str, str]
) -> None:
    assert send("installed").status_code == 204
    for event in order:
        assert send(event).status_code == 204
    assert find().state == "uninstalled"
    assert not find().enabled


def test_a_second_uninstall_keeps_the_time_of_the_first(
    send: Send, find: Callable[..., Tenant]
) -> None:
    assert send("installed").status_code == 204
    assert send("uninstalled").status_code == 204
    first = find().uninstalled_at
    assert send("uninstalled").status_code == 204
    assert find().uninstalled_at == first


def test_the_uninstall_of_an_unknown_tenant_is_no_error(
    app: Flask, send: Send, audit: Callable[[], list[Any]]
) -> None:
    answer = send("uninstalled", clientKey="unknown")
    assert (answer.status_code, answer.data) == (204, b"")
    assert audit() == []
    assert not is_installed(app, "unknown")


@pytest.mark.parametrize("event", ["enabled", "disabled"])
def test_another_event_of_an_unknown_tenant_is_refused(send: Send, event: str) -> None:
    assert send(event).status_code == 401


@pytest.mark.parametrize(
    ("event", "signal"),
    [
        ("uninstalled", tenant_uninstalled),
        ("enabled", tenant_enabled),
        ("disabled", tenant_disabled),
    ],
)
def test_a_signal_is_sent_after_the_commit(
    app: Flask,
    config: dict[str, Any],
    send: Send,
    find: Callable[..., Tenant],
    event: str,
    signal: Any,
) -> None:
    other = create_app(config)
    seen = []

    def listen(sender: Flask, *, tenant: Tenant) -> None:
        with other.app_context():
            # Another connection sees it, so it has been committed.
            seen.append((tenant, find_tenant(tenant.client_key)))

    assert send("installed").status_code == 204
    with signal.connected_to(listen):
        assert send(event).status_code == 204
        assert send(event, token="x").status_code == 401
    assert seen == [(find(), find())]
    with other.app_context():
        db.engine.dispose()


def test_the_signal_of_an_install_is_sent_after_the_commit(
    config: dict[str, Any], send: Send
) -> None:
    other = create_app(config)
    seen = []

    def listen(sender: Flask, *, tenant: Tenant, kind: InstallKind) -> None:
        with other.app_context():
            seen.append(find_tenant(tenant.client_key) == tenant)

    with tenant_installed.connected_to(listen):
        assert send("installed").status_code == 204
    assert seen == [True]
    with other.app_context():
        db.engine.dispose()


def test_a_subscriber_that_raises_fails_neither_the_install_nor_the_others(
    app: Flask, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    def broken(sender: Flask, **about: Any) -> None:
        called.append("broken")
        raise LookupError("a mistake")

    def fine(sender: Flask, **about: Any) -> None:
        called.append("fine")

    with tenant_installed.connected_to(broken), tenant_installed.connected_to(fine):
        assert send("installed").status_code == 204
    assert sorted(called) == ["broken", "fine"]
    assert "a subscriber of tenant-installed failed" in caplog.text
    assert SECRET not in caplog.text
    assert is_installed(app)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_older_than_the_newest_install_changes_nothing(
    app: Flask,
    send: Send,
    find: Callable[..., Tenant],
    audit: Callable[[], list[Any]],
    event: str,
) -> None:
    told = []

    def listen(sender: Flask, **about: Any) -> None:
        told.append(about)

    assert send("installed", token=install_token(iat=NOW - 5)).status_code == 204
    before = find()
    signals = (tenant_installed, tenant_uninstalled, tenant_enabled, tenant_disabled)
    for signal in signals:
        signal.connect(listen)
    try:
        token = token_for(event, iat=NOW - 6)
        body = {"sharedSecret": OTHER_SECRET} if event == "installed" else {}
        assert send(event, token=token, **body).status_code == 204
    finally:
        for signal in signals:
            signal.disconnect(listen)
    assert told == []
    assert find() == before
    assert secret_of(app) == SECRET
    assert audit()[1:] == [(event, {"outcome": "outdated"})]
    assert send(event, token=token_for(event, iat=NOW - 5)).status_code == 204


def test_an_install_older_than_the_uninstall_does_not_bring_a_tenant_back(
    app: Flask, send: Send, audit: Callable[[], list[Any]]
) -> None:
    old = install_token(iat=NOW - 9)
    assert send("installed", token=old).status_code == 204
    gone = install_token("/uninstalled", iat=NOW - 5)
    assert send("uninstalled", token=gone).status_code == 204
    assert send("installed", token=old).status_code == 204
    assert not is_installed(app)
    assert audit()[-1] == ("installed", {"outcome": "outdated"})
    assert send("installed", token=install_token(iat=NOW - 4)).status_code == 204
    assert is_installed(app)


# --- the ids of a site -----------------------------------------------------------


def test_a_site_that_was_imported_takes_its_ids_along(
    app: Flask, send: Send, find: Callable[..., Tenant]
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="old", **ids).status_code == 204
    assert send("installed", clientKey="new", **ids).status_code == 204
    old, new = find("old"), find("new")
    assert (old.cloud_id, old.installation_id) == (None, None)
    assert (new.cloud_id, new.installation_id) == (CLOUD_ID, INSTALLATION_ID)
    assert old.installed
    assert secret_of(app, "old") == SECRET


def test_one_site_may_have_the_app_in_two_products(
    send: Send, find: Callable[..., Tenant]
) -> None:
    jira = {
        "clientKey": "jira",
        "productType": "jira",
        "baseUrl": "https://example.atlassian.net",
    }
    assert send("installed", cloudId=CLOUD_ID).status_code == 204
    assert send("installed", cloudId=CLOUD_ID, **jira).status_code == 204
    assert find().cloud_id == CLOUD_ID
    assert find("jira").cloud_id == CLOUD_ID


def test_an_installation_id_moves_alone(
    send: Send, find: Callable[..., Tenant]
) -> None:
    first = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="a", **first).status_code == 204
    moved = {"cloudId": "another", "installationId": INSTALLATION_ID}
    assert send("installed", clientKey="b", **moved).status_code == 204
    assert (find("a").cloud_id, find("a").installation_id) == (CLOUD_ID, None)
    assert find("b").installation_id == INSTALLATION_ID


def test_an_event_without_ids_keeps_those_we_know(
    send: Send, find: Callable[..., Tenant]
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    assert send("installed", **ids, oauthClientId="o").status_code == 204
    assert send("installed").status_code == 204
    assert find().cloud_id == CLOUD_ID
    assert find().installation_id == INSTALLATION_ID
    assert find().oauth_client_id is None


# --- in parallel -----------------------------------------------------------------


def in_parallel(app: Flask, events: list[Event]) -> list[int]:
    """Deliver events from a thread each, all at once; return the statuses."""
    start = threading.Barrier(len(events))
    answers: dict[int, int] = {}

    def run(number: int, event: str, token: str, body: dict[str, Any]) -> None:
        start.wait(30)
        answer = deliver(app.test_client(), event, token=token, **body)
        answers[number] = answer.status_code

    threads = [
        threading.Thread(target=run, args=(number, *request))
        for number, request in enumerate(events)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(events))]


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, config: dict[str, Any]) -> Iterator[Flask]:
    """The app on each of the two databases."""
    if request.param == "postgresql":
        config["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    app = create_app(config)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def test_both_databases_tell_the_kinds_of_install_apart(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    client = shared.test_client()
    kinds = []

    def listen(sender: Flask, *, kind: InstallKind, **_: Any) -> None:
        kinds.append(kind)

    with tenant_installed.connected_to(listen):
        for changes in ({}, {}, {"sharedSecret": OTHER_SECRET}):
            assert deliver(client, "installed", **changes).status_code == 204
        assert deliver(client, "uninstalled").status_code == 204
        assert deliver(client, "installed").status_code == 204
    assert kinds == [
        InstallKind.FIRST,
        InstallKind.UPGRADE,
        InstallKind.SECRET_ROTATION,
        InstallKind.RETURN,
    ]
    with shared.app_context():
        tenant = find_tenant(CLIENT_KEY)
    assert tenant is not None
    assert tenant.installed_at.utcoffset() == timedelta(0)


COUNT = 8


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_parallel_installs_never_fail_and_the_newest_secret_wins(
    shared: Flask, keys: responses.RequestsMock, known: bool
) -> None:
    if known:
        token = install_token(iat=NOW - 100)
        answer = deliver(shared.test_client(), "installed", token=token)
        assert answer.status_code == 204
    order = [3, 7, 0, 5, 1, 6, 2, 4]
    installs = [
        (
            "installed",
            install_token(iat=NOW - 50 + number),
            {"sharedSecret": f"ATCO{number}" + "x" * 50},
        )
        for number in order
    ]
    assert in_parallel(shared, installs) == [204] * COUNT
    assert secret_of(shared) == "ATCO7" + "x" * 50
    newest = host_token(secret="ATCO7" + "x" * 50)
    client = shared.test_client()
    assert client.get("/overview", headers=authorization(newest)).status_code == 200


def test_parallel_installs_of_one_imported_site_never_fail(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    ids = {"cloudId": CLOUD_ID, "installationId": INSTALLATION_ID}
    for number in range(5):
        keys_ = (f"old{number}", f"new{number}")
        installs = [
            ("installed", install_token(iss=k), {"clientKey": k, **ids}) for k in keys_
        ]
        assert in_parallel(shared, installs) == [204, 204]
    with shared.app_context():
        tenants = list(get_state().tenants.iterate())
    assert len(tenants) == 10
    assert sum(tenant.cloud_id == CLOUD_ID for tenant in tenants) == 1
    assert sum(tenant.installation_id == INSTALLATION_ID for tenant in tenants) == 1


def test_parallel_events_of_all_kinds_never_fail(
    shared: Flask, keys: responses.RequestsMock
) -> None:
    token = install_token(iat=NOW - 100)
    assert deliver(shared.test_client(), "installed", token=token).status_code == 204
    events = [(e, token_for(e, iat=NOW - 50), {}) for e in (*EVENTS, *EVENTS)]
    statuses = in_parallel(shared, events)
    for (event, *_), status in zip(events, statuses, strict=True):
        # A tenant that is gone by then can't be enabled.
        assert status == 204 or (event, status) == ("enabled", 401)
