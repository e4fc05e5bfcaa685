"""An administrator of a local Confluence blocks the app, which can say so."""

from collections.abc import Iterator
from typing import Any

import pytest
from devhost.access_rules import AccessRules, allow, block
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp

from app.connect import AccessRuleError, ScopeError, TenantService, find_tenant
from app.connect.errors import HostResponseError

PAGE = "/api/v2/pages/98421"
POLICY_EVENTS = (
    "app_policy_changed",
    "app_access_to_objects_blocked",
    "app_access_to_objects_in_container_blocked",
)
METADATA = "/api/v2/data-policies/metadata"


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of the app under test, on the local Confluence."""
    return {**config, **connect_settings, "CONNECT_RECORD_CALLS": "no"}


@pytest.fixture
def service(installed_app: InstalledApp) -> Iterator[TenantService]:
    with installed_app.app.app_context():
        tenant = find_tenant(installed_app.client_key)
        assert tenant is not None
        yield TenantService(tenant)


@pytest.mark.parametrize("status", [404, 403])
def test_a_blocked_page_is_told_apart_from_a_missing_one(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    service: TenantService,
    status: int,
) -> None:
    site = confluence.site
    assert service.get_json(PAGE)["id"] == "98421"
    with pytest.raises(HostResponseError) as missing:
        service.get_json("/api/v2/pages/1")
    assert type(missing.value) is HostResponseError
    site.get(AccessRules).set_status(status)
    block(site, installed_app.key, "DS")
    confluence.sent_event("app_policy_changed", status=204)
    with pytest.raises(AccessRuleError) as caught:
        service.get_json(PAGE)
    assert caught.value.status_code == status
    allow(site, installed_app.key)
    assert service.get_json(PAGE)["id"] == "98421"


def test_a_policy_event_takes_effect_at_once(
    confluence: RecordingConfluence, installed_app: InstalledApp, service: TenantService
) -> None:
    policy = service.data_policy
    assert not policy.is_any_content_blocked()
    assert not policy.is_any_content_blocked()
    confluence.received("GET", METADATA, status=200, times=1)
    block(confluence.site, installed_app.key, "DS")
    for event in POLICY_EVENTS:
        confluence.sent_event(event, status=204)
    assert policy.is_any_content_blocked()


def test_the_app_learns_in_which_spaces_it_is_blocked(
    confluence: RecordingConfluence, installed_app: InstalledApp, service: TenantService
) -> None:
    block(confluence.site, installed_app.key, "DS")
    every = {space.key: space for space in service.data_policy.spaces()}
    assert [key for key in every if every[key].is_any_content_blocked] == ["DS"]
    assert service.data_policy.spaces(keys=["DS"]) == [every["DS"]]
    assert service.data_policy.spaces(ids=[every["HB"].id]) == [every["HB"]]
    named = service.data_policy.spaces(keys=["HB", "DS"])
    assert [space.key for space in named] == ["DS", "HB"]


def test_a_call_beyond_the_scopes_never_reaches_the_host(
    confluence: RecordingConfluence, service: TenantService
) -> None:
    with pytest.raises(ScopeError, match='write "scopes": \\["READ", "DELETE"\\]'):
        service.request("DELETE", PAGE)
    confluence.not_received("DELETE", "/api/v2/pages/{id}")
