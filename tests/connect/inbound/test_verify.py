"""Each policy accepts its own kind of token only."""

import asyncio
import time
from collections.abc import Callable

import jwt
import pytest
import responses
from flask import Flask, request
from flask.testing import FlaskClient

from app.connect import context_jwt_required, current_tenant, jwt_required, public
from app.connect.inbound.policies import Policy, policy_of
from app.connect.inbound.verify import verify_host_token
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from tests import signing
from tests.async_views import run_in_thread
from tests.connect.inbound.requests_with_tokens import (
    app_token,
    ask,
)
from tests.signing import (
    ACCOUNT_ID,
    CLIENT_KEY,
    MISSING,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)


def forge_token() -> str:
    """Sign what Forge would send to a remote."""
    now = int(time.time())
    claims = {
        "iss": "forge/invocation-token",
        "aud": "ari:cloud:ecosystem::app/1",
        "iat": now,
        "exp": now + 60,
        "app": {"installationId": "ari:cloud:ecosystem::installation/1"},
        "principal": ACCOUNT_ID,
    }
    headers = {"kid": signing.KEY_ID}
    return jwt.encode(claims, signing.INSTALL_KEY, "RS256", headers=headers)


KINDS: dict[str, Callable[[str, str], str]] = {
    "url-bound": host_token,
    "context": lambda method, url: context_token(),
    "signed-install": lambda method, url: install_token(qsh=signing.qsh(method, url)),
    "signed-install-with-context-qsh": lambda m, u: install_token(qsh="context-qsh"),
    "session": lambda m, u: app_token(m, u, aud=[CLIENT_KEY], qsh=MISSING),
    "outbound": app_token,
    "outbound-with-context-qsh": lambda m, u: app_token(m, u, qsh="context-qsh"),
    "forge": lambda method, url: forge_token(),
    "no-qsh": lambda m, u: host_token(m, u, qsh=MISSING),
}


POLICIES = {
    ("GET", "/overview"): "url-bound",
    ("GET", "/api/context"): "context",
    ("POST", "/enabled"): "url-bound",
    ("POST", "/disabled"): "url-bound",
    ("POST", "/installed"): "signed-install",
    ("POST", "/uninstalled"): "signed-install",
}


@pytest.mark.parametrize(("method", "url"), POLICIES, ids=lambda part: part)
@pytest.mark.parametrize("kind", KINDS)
def test_each_policy_takes_its_own_kind_of_token_only(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    method: str,
    url: str,
    kind: str,
) -> None:
    status = ask(client, url, KINDS[kind](method, url), method)
    if POLICIES[method, url] == kind:
        assert status in (200, 204)
    else:
        assert status == 401


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_under_another_scheme_is_no_token(
    client: FlaskClient, tenant: Tenant, kind: str
) -> None:
    headers = {"Authorization": f"Bearer {KINDS[kind]('GET', '/overview')}"}
    assert client.get("/overview", headers=headers).status_code == 401


def test_a_forks_own_routes_keep_their_policy(
    own_routes: None,
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
) -> None:
    def status(method: str, url: str, token: str) -> int:
        headers = authorization(token)
        body = payload("mine/signed")
        answer = client.open(url, method=method, headers=headers, json=body)
        return answer.status_code

    signed = signing.install_token("/mine/signed")
    assert status("GET", "/mine", host_token("GET", "/mine")) == 200
    assert status("GET", "/mine", context_token()) == 401
    assert status("GET", "/mine", host_token("GET", "/overview")) == 401
    assert status("POST", "/mine", host_token("GET", "/mine")) == 401
    assert status("HEAD", "/mine", host_token("GET", "/mine")) == 401
    assert status("GET", "/mine/xhr", context_token()) == 200
    assert status("GET", "/mine/xhr", host_token("GET", "/mine/xhr")) == 401
    assert status("GET", "/mine/public", "x") == 200
    assert status("POST", "/mine/signed", signed) == 200
    assert status("POST", "/mine/signed", install_token()) == 401
    assert status("POST", "/mine/signed", host_token("POST", "/mine/signed")) == 401


def test_an_async_view_keeps_its_policy(
    app: Flask, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(app, "async_to_sync", run_in_thread)

    @app.get("/mine/async")
    @jwt_required
    async def waits() -> str:
        await asyncio.sleep(0)
        return current_tenant.client_key

    request.getfixturevalue("tenant")
    client = app.test_client()
    headers = authorization(host_token("GET", "/mine/async"))
    assert client.get("/mine/async", headers=headers).text == CLIENT_KEY
    assert ask(client, "/mine/async", host_token()) == 401
    assert ask(client, "/mine/async", context_token()) == 401


def test_a_view_has_exactly_one_policy() -> None:
    def view() -> str:
        return ""

    def undeclared() -> Callable[[], str]:
        return lambda: ""

    for declare in (public, jwt_required, context_jwt_required):
        assert policy_of(declare(undeclared())) is not None
        with pytest.raises(TypeError):
            declare(public(lambda: ""))
        with pytest.raises(TypeError):
            public(declare(lambda: ""))
    assert policy_of(view) is None
    assert policy_of(None) is None
    assert policy_of(jwt_required(view)) is Policy.URL_BOUND
    assert policy_of(view) is None


def test_the_policy_can_be_verified_without_a_decorator(
    app: Flask, tenant: Tenant
) -> None:
    headers = authorization(host_token())
    with app.test_request_context("/overview", headers=headers):
        verify_host_token(request, get_state())
        assert current_tenant == tenant
