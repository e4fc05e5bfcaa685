"""Acting as a user: token requests, calls, and errors before anything is sent."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from werkzeug.local import LocalProxy

from app.connect import TenantService
from app.connect.errors import (
    AccessRuleError,
    HostError,
    HostResponseError,
    ImpersonationError,
    ScopeError,
    UnsafeURLError,
)
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.conftest import OAUTH_TOKEN, Grants
from tests.connect.outbound.host_calls import SPACE

ACCOUNT = signing.ACCOUNT_ID


def test_the_user_is_named_by_a_signed_assertion(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")

    asked, called = (call.request for call in network.calls)
    assert asked.url == OAUTH_TOKEN
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Accept"] == "application/json"
    assert "Authorization" not in asked.headers
    form = parse_qs(str(asked.body))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert set(form) == {"grant_type", "assertion"}
    server = OAUTH_TOKEN.removesuffix("/oauth2/token")
    claims = jwt.decode(
        form["assertion"][0], signing.SECRET, algorithms=["HS256"], audience=server
    )
    assert claims.pop("exp") - claims.pop("iat") == 60
    assert claims == {
        "iss": "urn:atlassian:connect:clientid:canary-client",
        "sub": f"urn:atlassian:connect:useraccountid:{ACCOUNT}",
        "tnt": signing.SITE,
        "aud": server,
    }
    assert called.headers["Authorization"] == "Bearer token-1"


def test_the_tenant_itself_is_still_called_as_the_app(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    user_service.as_user(ACCOUNT).get_json("/rest/api/space")
    user_service.get_json("/rest/api/space")
    assert network.calls[-1].request.headers["Authorization"].startswith("JWT ")


def test_a_token_is_asked_for_once(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    for _ in range(3):
        user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")
    assert grants.count == 1
    user_service.as_user("another-user").request("GET", "/rest/api/space")
    user_service.as_user(ACCOUNT, scopes=["READ"]).request("GET", "/rest/api/space")
    assert grants.count == 3


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        pytest.param(["read"], "READ", id="one"),
        pytest.param(("WRITE", "read", "READ"), "READ WRITE", id="several"),
    ],
)
def test_scopes_narrow_what_is_asked_for(
    user_service: TenantService,
    grants: Grants,
    network: responses.RequestsMock,
    scopes: Any,
    asked: str,
) -> None:
    network.get(SPACE, json={})
    user_service.as_user(ACCOUNT, scopes=scopes).request("GET", "/rest/api/space")
    assert parse_qs(str(network.calls[0].request.body))["scope"] == [asked]


def test_without_the_scope_nothing_is_sent(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(ScopeError, match="ACT_AS_USER: add it to scopes"):
        service.as_user(ACCOUNT)


@pytest.mark.parametrize("scope", ["ADMIN", "nonsense"])
def test_no_scope_is_asked_for_that_the_app_lacks(
    user_service: TenantService, network: responses.RequestsMock, scope: str
) -> None:
    with pytest.raises(ScopeError, match=scope.upper()):
        user_service.as_user(ACCOUNT, scopes=["READ", scope])


def test_a_site_without_a_client_id_is_told_to_be_upgraded(
    user_service: TenantService, network: responses.RequestsMock
) -> None:
    without = TenantService(replace(user_service.tenant, oauth_client_id=None))
    with pytest.raises(ImpersonationError, match="upgrade or reinstall") as caught:
        without.as_user(ACCOUNT)
    assert isinstance(caught.value, HostError)


@pytest.mark.parametrize(
    "account_id",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(LocalProxy(lambda: None), id="proxy of nobody"),
        pytest.param("unknown", id="unknown"),
        pytest.param("a b", id="blank"),
        pytest.param("a/b", id="slash"),
        pytest.param("x" * 129, id="too long"),
        pytest.param("urn:x", id="a URN"),
        pytest.param("URN:atlassian:connect:useraccountid:1", id="a subject"),
    ],
)
def test_the_app_cannot_act_as_an_anonymous_user(
    user_service: TenantService, network: responses.RequestsMock, account_id: Any
) -> None:
    assert user_service.as_user("x" * 128) is not user_service
    with pytest.raises(ValueError, match="needs an account id"):
        user_service.as_user(account_id)


@pytest.mark.parametrize("scopes", [[], "READ"], ids=["none", "text"])
def test_scopes_must_be_a_list_and_not_empty(
    user_service: TenantService, scopes: Any
) -> None:
    with pytest.raises(ValueError, match="scopes"):
        user_service.as_user(ACCOUNT, scopes=scopes)


def test_the_present_user_may_be_given_as_the_proxy(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    user_service.as_user(LocalProxy(lambda: ACCOUNT)).get_json("/rest/api/space")  # type: ignore[arg-type]  # As views do.
    user_service.as_user(ACCOUNT).get_json("/rest/api/space")
    assert grants.count == 1


def test_a_refused_token_is_replaced_once(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.put(SPACE, status=401)
    network.put(SPACE, json={})
    answer = user_service.as_user(ACCOUNT).request("PUT", "/rest/api/space", json={})
    assert answer.status_code == 200
    sent = [call.request.headers.get("Authorization") for call in network.calls]
    assert sent == [None, "Bearer token-1", None, "Bearer token-2"]


def test_a_host_that_refuses_every_token_is_asked_twice(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=401, json={"message": "No."})
    with pytest.raises(HostResponseError, match="answered 401: No"):
        user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")
    assert grants.count == 2
    assert len(network.calls) == 4


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_token_outlives_any_other_answer(
    user_service: TenantService,
    grants: Grants,
    network: responses.RequestsMock,
    status: int,
) -> None:
    network.get(SPACE, status=status)
    for _ in range(2):
        with pytest.raises(HostResponseError):
            user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")
    assert grants.count == 1


def test_a_stream_is_not_sent_twice(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.post(SPACE, status=401)
    body = io.BytesIO(b"once")
    with pytest.raises(HostResponseError, match="answered 401"):
        user_service.as_user(ACCOUNT).request("POST", "/rest/api/space", data=body)
    assert grants.count == 1
    network.get(SPACE)
    user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")
    assert grants.count == 2


def test_an_unsafe_url_asks_for_no_token(
    user_service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(UnsafeURLError):
        user_service.as_user(ACCOUNT).request("GET", "https://evil.example/")


def test_a_new_secret_is_a_new_token(
    user_service: TenantService,
    install: Callable[..., Tenant],
    grants: Grants,
    network: responses.RequestsMock,
) -> None:
    network.get(SPACE, json={})
    user_service.as_user(ACCOUNT).request("GET", "/rest/api/space")
    again = install(sharedSecret=signing.OTHER_SECRET, oauthClientId="canary-client")
    TenantService(again).as_user(ACCOUNT).request("GET", "/rest/api/space")
    assert grants.count == 2
    assertion = parse_qs(str(network.calls[-2].request.body))["assertion"][0]
    assert jwt.decode(
        assertion,
        signing.OTHER_SECRET,
        algorithms=["HS256"],
        options={"verify_aud": False},
    )


def test_nothing_shows_a_token_a_secret_or_a_user(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    acting = user_service.as_user(ACCOUNT)
    acting.request("GET", "/rest/api/space")
    assert repr(acting) == f"<TenantService {signing.CLIENT_KEY!r} as a user>"
    client: Any = acting._client
    seen = repr([acting, vars(acting), client._grant, client._outbound])
    for secret in (signing.SECRET, "token-1", ACCOUNT):
        assert secret not in seen


def test_whether_a_rule_blocks_a_user_is_asked_as_the_app(
    user_service: TenantService, grants: Grants, network: responses.RequestsMock
) -> None:
    network.get(f"{signing.SITE}/api/v2/pages/1", status=404)
    metadata = f"{signing.SITE}/api/v2/data-policies/metadata"
    network.get(metadata, json={"anyContentBlocked": True})
    service = user_service.as_user(ACCOUNT)
    with pytest.raises(AccessRuleError):
        service.request("GET", "/api/v2/pages/1")
    assert network.calls[-1].request.headers["Authorization"].startswith("JWT ")
    assert service.data_policy.is_any_content_blocked()
