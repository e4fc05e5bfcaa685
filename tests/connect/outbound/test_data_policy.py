"""The data policy of a tenant, and its cache."""

from dataclasses import replace
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect import ScopeError, TenantService
from app.connect.errors import HostResponseError, HostUnavailableError
from app.connect.outbound.access_rules.policy_cache import PolicyCache
from app.connect.outbound.data_policy import SpacePolicy
from app.connect.outbound.state import EXTENSION
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import assert_signed
from tests.connect.outbound.scopes import declare

METADATA = f"{signing.SITE}/api/v2/data-policies/metadata"
SPACES = f"{signing.SITE}/api/v2/data-policies/spaces"


def entry(key: str, *, blocked: Any = True) -> dict[str, Any]:
    policy = {"anyContentBlocked": blocked}
    return {"id": f"1{key}", "key": key, "name": f"Space {key}", "dataPolicy": policy}


def policy(key: str, *, blocked: bool = True) -> SpacePolicy:
    return SpacePolicy(f"1{key}", key, f"Space {key}", blocked)


@pytest.mark.parametrize("blocked", [True, False])
def test_the_host_says_whether_any_content_is_blocked(
    service: TenantService, network: responses.RequestsMock, blocked: bool
) -> None:
    network.get(METADATA, json={"anyContentBlocked": blocked})
    assert service.data_policy.is_any_content_blocked() is blocked
    assert_signed(network.calls[0].request)


def test_jira_has_no_data_policy(tenant: Tenant, app_context: None) -> None:
    jira = TenantService(replace(tenant, product_type="jira"))
    with pytest.raises(ValueError, match="only Confluence"):
        assert jira.data_policy


def test_the_answer_is_remembered_for_each_tenant(
    service: TenantService, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(METADATA, json={"anyContentBlocked": True})
    assert service.data_policy.is_any_content_blocked()
    assert TenantService(tenant).data_policy.is_any_content_blocked()
    assert len(network.calls) == 1


def test_an_answer_is_forgotten_in_time(
    app: Flask, service: TenantService, network: responses.RequestsMock
) -> None:
    app.extensions[EXTENSION] = replace(
        app.extensions[EXTENSION], policies=PolicyCache(0)
    )
    network.get(METADATA, json={"anyContentBlocked": True})
    fresh = TenantService(service.tenant)
    assert fresh.data_policy.is_any_content_blocked()
    assert fresh.data_policy.is_any_content_blocked()
    assert len(network.calls) == 2


@pytest.mark.parametrize(
    "body", ["[]", "{}", '{"anyContentBlocked": "no"}', "null", "<html>"]
)
def test_an_answer_that_is_no_policy_is_an_error(
    service: TenantService, network: responses.RequestsMock, body: str
) -> None:
    network.get(METADATA, body=body)
    with pytest.raises(HostResponseError, match="not a data policy|not JSON"):
        service.data_policy.is_any_content_blocked()


def test_a_host_that_is_away_is_an_error(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(HostUnavailableError):
        service.data_policy.is_any_content_blocked()


def test_the_policy_needs_the_scope_read(
    app: Flask, service: TenantService, network: responses.RequestsMock
) -> None:
    declare(app, "NONE")
    service = TenantService(service.tenant)
    with pytest.raises(ScopeError, match="data-policies/metadata needs the scope READ"):
        service.data_policy.is_any_content_blocked()
    with pytest.raises(ScopeError, match="data-policies/spaces needs the scope READ"):
        service.data_policy.spaces()


@pytest.mark.parametrize(
    ("named", "query"),
    [
        ({}, "limit=250"),
        ({"keys": ["DS"]}, "keys=DS&limit=250"),
        ({"keys": ("DS", "HB")}, "keys=DS%2CHB&limit=250"),
        ({"ids": ["1", "2"]}, "ids=1%2C2&limit=250"),
    ],
    ids=str,
)
def test_the_spaces_are_asked_for(
    service: TenantService,
    network: responses.RequestsMock,
    named: dict[str, Any],
    query: str,
) -> None:
    body = {"results": [entry("DS"), entry("HB", blocked=False)], "_links": {}}
    network.get(SPACES, json=body)
    found = service.data_policy.spaces(**named)
    assert found == [policy("DS"), policy("HB", blocked=False)]
    assert network.calls[0].request.url == f"{SPACES}?{query}"
    assert_signed(network.calls[0].request)


def test_all_pages_of_spaces_are_read(
    service: TenantService, network: responses.RequestsMock
) -> None:
    following = "/wiki/api/v2/data-policies/spaces?cursor=abc&limit=250"
    network.get(
        f"{SPACES}?limit=250",
        json={"results": [entry("DS")], "_links": {"next": following}},
    )
    network.get(f"{SPACES}?cursor=abc&limit=250", json={"results": [entry("HB")]})
    assert service.data_policy.spaces() == [policy("DS"), policy("HB")]


def test_pages_that_never_end_are_an_error(
    service: TenantService, network: responses.RequestsMock
) -> None:
    following = "/wiki/api/v2/data-policies/spaces?limit=250"
    network.get(SPACES, json={"results": [], "_links": {"next": following}})
    with pytest.raises(HostResponseError, match="circle"):
        service.data_policy.spaces()
    assert len(network.calls) == 1


@pytest.mark.parametrize("named", [{"keys": []}, {"ids": ()}], ids=str)
def test_no_spaces_are_not_all_spaces(
    service: TenantService, network: responses.RequestsMock, named: dict[str, Any]
) -> None:
    assert service.data_policy.spaces(**named) == []


@pytest.mark.parametrize("name", ["keys", "ids"])
def test_one_text_is_no_list_of_spaces(service: TenantService, name: str) -> None:
    with pytest.raises(ValueError, match='such as \\["DS"\\]'):
        service.data_policy.spaces(**{name: "DS"})


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"results": 1},
        {"results": [1]},
        {"results": [entry("DS", blocked=None)]},
        {"results": [{**entry("DS"), "dataPolicy": None}]},
    ],
    ids=str,
)
def test_an_answer_without_spaces_is_an_error(
    service: TenantService, network: responses.RequestsMock, body: Any
) -> None:
    network.get(SPACES, json=body)
    with pytest.raises(HostResponseError, match="not a data policy|no list"):
        service.data_policy.spaces()


def test_an_answer_from_before_a_change_is_not_remembered() -> None:
    cache = PolicyCache(30)
    asked = cache.changes
    cache.forget("one")
    cache.put("one", False, changes=asked)
    assert cache.find("one") is None
    cache.put("one", True, changes=cache.changes)
    assert cache.find("one") == (True,)


def test_the_size_of_the_cache_is_limited() -> None:
    cache = PolicyCache(30, size=2)
    for client_key in ("one", "two", "one", "three"):
        cache.put(client_key, True, changes=0)
    assert [cache.find(key) for key in ("one", "two", "three")] == [
        (True,),
        None,
        (True,),
    ]
