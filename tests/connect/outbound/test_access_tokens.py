"""Access tokens: answers of the authorization server, and the cache."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import update

from app.connect import find_tenant
from app.connect.errors import (
    HostResponseError,
    HostUnavailableError,
    ImpersonationError,
    RateLimitedError,
)
from app.connect.http.bounded_session import Limits
from app.connect.outbound.host_calls import HostCalls
from app.connect.outbound.impersonation import access_tokens
from app.connect.outbound.impersonation.access_tokens import AccessTokens, Grant
from app.connect.outbound.request_time import RequestTime
from app.connect.outbound.state import get_outbound
from app.connect.tenants.models import Tenant, TenantRecord
from app.connect.tenants.state import get_state
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.connect.outbound.conftest import OAUTH_TOKEN, Grants
from tests.connect.outbound.host import tenant_at
from tests.connect.tenants.stored_tenants import installation

GOOD = {"access_token": "good", "expires_in": 900, "token_type": "Bearer"}
LATER = 3_000_000_000.0
"""A Unix time, like ``iat``; later than the installs of the tests."""


@pytest.fixture
def tokens(app: Flask, app_context: None) -> AccessTokens:
    return get_outbound().tokens


@pytest.fixture
def grant(tenant: Tenant) -> Grant:
    return Grant(tenant, "canary-client", "someone", None, signing.SECRET)


@pytest.fixture
def store(tokens: AccessTokens) -> TenantStore:
    return get_state().tenants


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        pytest.param({"status": 400}, 400, "Bad Request", id="no body"),
        pytest.param(
            {
                "status": 400,
                "json": {"error": "invalid_grant", "error_description": "No\x1b user"},
            },
            400,
            "invalid_grant: No user",
            id="OAuth's form",
        ),
        pytest.param({"status": 401, "json": {"error": 1}}, 401, "Un", id="odd error"),
        pytest.param({"status": 500, "json": [1]}, 500, "Internal", id="array"),
        pytest.param(
            {"status": 302, "headers": {"Location": "https://evil.example/"}},
            302,
            "Found",
            id="redirect",
        ),
        pytest.param({"body": "<html>"}, 200, "not an access token", id="HTML"),
        pytest.param({"body": "[" * 30_000}, 200, "not an access token", id="deep"),
        pytest.param({"json": []}, 200, "not an access token", id="no object"),
        pytest.param(
            {"json": {**GOOD, "x": "x" * 40_000}}, 200, "too large", id="too large"
        ),
        *(
            pytest.param({"json": {**GOOD, **wrong}}, 200, "not an", id=str(wrong)[:40])
            for wrong in (
                {"access_token": None},
                {"access_token": ""},
                {"access_token": "a\r\nb: c"},
                {"access_token": "é"},
                {"token_type": "mac"},
                {"token_type": None},
                {"expires_in": "900"},
                {"expires_in": 0},
                {"expires_in": -1},
                {"expires_in": None},
                {"expires_in": 1e300},
            )
        ),
    ],
)
def test_a_malformed_access_token_is_an_error(
    tokens: AccessTokens,
    grant: Grant,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    status: int,
    message: str,
) -> None:
    network.post(OAUTH_TOKEN, **answer)
    with pytest.raises(HostResponseError, match=message) as caught:
        tokens.get(grant)
    error = caught.value
    assert (error.status_code, error.path) == (status, "/oauth2/token")
    # Nothing is cached.
    network.replace(responses.POST, OAUTH_TOKEN, json=GOOD)
    assert tokens.get(grant).value == "good"


@pytest.mark.parametrize(
    ("asked", "answered", "accepted"),
    [
        pytest.param(("WRITE",), "WRITE", True, id="the same"),
        pytest.param(("WRITE",), "READ WRITE", True, id="with what it implies"),
        pytest.param(("READ", "WRITE"), "READ", True, id="fewer"),
        pytest.param(("READ",), "read", True, id="lower case"),
        pytest.param(("READ",), "", True, id="none at all"),
        pytest.param(("READ",), None, True, id="null"),
        pytest.param(("READ",), "READ WRITE", False, id="one more"),
        pytest.param(("READ",), "ADMIN", False, id="another"),
        pytest.param(("READ",), "ACT_AS_USER", False, id="unrelated"),
        pytest.param(("READ",), ["READ"], False, id="array"),
        pytest.param(None, "READ WRITE", True, id="all were asked for"),
    ],
)
def test_a_token_with_more_scopes_than_asked_for_is_refused(
    tokens: AccessTokens,
    grant: Grant,
    network: responses.RequestsMock,
    asked: tuple[str, ...] | None,
    answered: Any,
    accepted: bool,
) -> None:
    network.post(OAUTH_TOKEN, json={**GOOD, "scope": answered})
    ours = replace(grant, scopes=asked)
    if accepted:
        assert tokens.get(ours).value == "good"
    else:
        with pytest.raises(HostResponseError, match="more scopes than asked for"):
            tokens.get(ours)


def test_a_rate_limit_says_for_how_long(
    tokens: AccessTokens, grant: Grant, network: responses.RequestsMock
) -> None:
    network.post(OAUTH_TOKEN, status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimitedError) as caught:
        tokens.get(grant)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("canary"), requests.Timeout("canary")]
)
def test_a_server_that_is_away_is_unavailable(
    tokens: AccessTokens,
    grant: Grant,
    network: responses.RequestsMock,
    error: Exception,
) -> None:
    network.post(OAUTH_TOKEN, body=error)
    with pytest.raises(HostUnavailableError) as caught:
        tokens.get(grant)
    assert "canary" not in str(caught.value)


def test_a_server_that_drips_is_given_up(
    tokens: AccessTokens, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "LIMITS", Limits(seconds=0, max_bytes=9999))
    with pytest.raises(HostUnavailableError, match="Timeout"):
        tokens.get(grant)


def test_a_token_that_soon_ends_is_used_once(
    tokens: AccessTokens, grant: Grant, network: responses.RequestsMock
) -> None:
    network.post(OAUTH_TOKEN, json={**GOOD, "expires_in": access_tokens.MARGIN})
    assert tokens.get(grant).value == tokens.get(grant).value == "good"
    assert len(network.calls) == 2


def test_a_token_is_served_until_shortly_before_its_end(
    tokens: AccessTokens,
    grant: Grant,
    grants: Grants,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(access_tokens, "time", clock)
    assert tokens.get(grant).value == "token-1"
    now += 900 - access_tokens.MARGIN - 1
    assert tokens.get(grant).value == "token-1"
    now += 1
    assert tokens.get(grant).value == "token-2"


OTHERS: dict[str, Callable[[Grant], Grant]] = {
    "account": lambda grant: replace(grant, account_id="another"),
    "scopes": lambda grant: replace(grant, scopes=("READ",)),
    "client id": lambda grant: replace(grant, oauth_client_id="another"),
    "secret": lambda grant: replace(grant, shared_secret=signing.OTHER_SECRET),
    "base URL": lambda grant: replace(
        grant, tenant=replace(grant.tenant, base_url="https://b.atlassian.net/wiki")
    ),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_cached_token_is_not_used_for_another_user(
    tokens: AccessTokens,
    grant: Grant,
    grants: Grants,
    other: Callable[[Grant], Grant],
) -> None:
    assert tokens.get(grant).value == "token-1"
    assert tokens.get(other(grant)).value == "token-2"
    assert tokens.get(grant).value == "token-1"


def test_a_cached_token_is_not_used_for_another_tenant(
    tokens: AccessTokens, grant: Grant, grants: Grants, store: TenantStore
) -> None:
    store.install(installation(client_key="other-client-key"), issued_at=LATER)
    # The two have everything else in common.
    at_once = update(TenantRecord).values(installed_at=grant.tenant.installed_at)
    with db.engine.begin() as connection:
        connection.execute(at_once)
    other = find_tenant("other-client-key")
    assert other is not None
    same_site = replace(other, base_url=grant.tenant.base_url)
    assert tokens.get(grant).value == "token-1"
    assert tokens.get(replace(grant, tenant=same_site)).value == "token-2"


@pytest.mark.parametrize(
    "whose", [signing.SECRET, signing.OTHER_SECRET], ids=["previous", "new"]
)
def test_a_token_from_before_a_rotation_is_not_served(
    tokens: AccessTokens, grant: Grant, grants: Grants, store: TenantStore, whose: str
) -> None:
    ours = replace(grant, shared_secret=whose)
    assert tokens.get(ours).value == "token-1"
    store.install(installation(shared_secret=signing.OTHER_SECRET), issued_at=LATER)
    # Nor for a request that the host signed with the previous secret.
    assert tokens.get(ours).value == "token-2"


def test_a_token_outlives_an_upgrade_and_a_disable(
    tokens: AccessTokens, grant: Grant, grants: Grants, store: TenantStore
) -> None:
    assert tokens.get(grant).value == "token-1"
    store.install(installation(), issued_at=LATER)
    store.set_enabled(signing.CLIENT_KEY, enabled=False, issued_at=LATER)
    assert tokens.get(grant).value == "token-1"


def test_an_uninstalled_tenant_is_refused_before_anything_is_sent(
    tokens: AccessTokens, grant: Grant, grants: Grants, store: TenantStore
) -> None:
    tokens.get(grant)
    store.uninstall(signing.CLIENT_KEY, issued_at=LATER)
    with pytest.raises(ImpersonationError, match="does not have the app installed"):
        tokens.get(grant)
    store.purge(retention_days=0)
    with pytest.raises(ImpersonationError, match="does not have the app installed"):
        tokens.get(grant)
    assert grants.count == 1


def test_a_tenant_that_comes_back_is_served_nothing_from_before(
    tokens: AccessTokens, grant: Grant, grants: Grants, store: TenantStore
) -> None:
    tokens.get(grant)
    store.uninstall(signing.CLIENT_KEY, issued_at=LATER)
    store.install(installation(), issued_at=LATER)
    assert tokens.get(grant).value == "token-2"


def test_a_tenant_that_nobody_knows_is_refused(
    tokens: AccessTokens, grant: Grant, network: responses.RequestsMock
) -> None:
    unknown = replace(tenant_at(signing.SITE), client_key="unknown")
    with pytest.raises(ImpersonationError, match="unknown"):
        tokens.get(replace(grant, tenant=unknown))


def test_only_the_refused_token_is_dropped(
    tokens: AccessTokens, grant: Grant, grants: Grants
) -> None:
    refused = tokens.get(grant)
    tokens.drop(grant, refused)
    newer = tokens.get(grant)
    assert newer.value == "token-2"
    tokens.drop(grant, refused)
    assert tokens.get(grant) is newer


@pytest.fixture
def small(store: TenantStore, monkeypatch: pytest.MonkeyPatch) -> AccessTokens:
    """Another worker's cache, with room for two tokens."""
    monkeypatch.setattr(access_tokens, "CACHE_SIZE", 2)
    server = OAUTH_TOKEN.removesuffix("/oauth2/token")
    return AccessTokens(store, server=server, calls=HostCalls(RequestTime(10)))


def test_the_cache_is_bounded(
    small: AccessTokens, grant: Grant, grants: Grants
) -> None:
    one, two, three = (replace(grant, account_id=name) for name in ("1", "2", "3"))
    for asked in (one, two, three):
        small.get(asked)
    small.get(two)
    assert grants.count == 3
    small.get(one)
    assert grants.count == 4


def test_each_worker_fetches_its_own(
    tokens: AccessTokens, small: AccessTokens, grant: Grant, grants: Grants
) -> None:
    assert tokens.get(grant).value == "token-1"
    assert small.get(grant).value == "token-2"


def test_threads_that_ask_at_once_all_have_a_token(
    app: Flask, tokens: AccessTokens, grant: Grant, grants: Grants
) -> None:
    def ask() -> str:
        with app.app_context():
            return tokens.get(grant).value

    with ThreadPoolExecutor(8) as pool:
        found = {future.result(30) for future in [pool.submit(ask) for _ in range(8)]}
    asked = grants.count
    assert 1 <= asked <= 8
    assert found <= {f"token-{number}" for number in range(1, asked + 1)}
    tokens.get(grant)
    assert grants.count == asked


def test_the_cache_shows_no_token_secret_or_user(
    tokens: AccessTokens, grant: Grant, grants: Grants
) -> None:
    token = tokens.get(grant)
    seen = repr([token, grant, tokens, vars(tokens), vars(tokens._cache)])
    for secret in ("token-1", signing.SECRET, "someone"):
        assert secret not in seen
