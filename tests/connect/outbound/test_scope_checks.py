"""A call whose scope is missing is not sent, and the error says what to add."""

import logging
from dataclasses import replace

import pytest
import responses
from flask import Flask

from app.connect import ScopeError, TenantService
from app.connect.errors import ConnectError
from tests import signing
from tests.connect.outbound.host import JIRA_SITE, tenant_at
from tests.connect.outbound.scopes import declare

SITE = signing.SITE
CONTENT = "/rest/api/content/98421"


def service_with(app: Flask, *scopes: str) -> TenantService:
    declare(app, *scopes)
    return TenantService(tenant_at(SITE), shared_secret=signing.SECRET)


@pytest.mark.parametrize(
    ("declared", "write"),
    [
        ([], '"scopes": ["WRITE"]'),
        (["READ"], '"scopes": ["READ", "WRITE"]'),
        (["ACT_AS_USER", "READ"], '"scopes": ["ACT_AS_USER", "READ", "WRITE"]'),
    ],
    ids=str,
)
def test_a_call_without_its_scope_is_not_sent(
    app: Flask,
    app_context: None,
    network: responses.RequestsMock,
    declared: list[str],
    write: str,
) -> None:
    service = service_with(app, *declared)
    with pytest.raises(ScopeError) as caught:
        service.request("PUT", f"{CONTENT}?expand=canary", json={"canary": 1})
    error = caught.value
    assert isinstance(error, ConnectError)
    assert error.operation == "PUT /rest/api/content/{id}"
    assert (error.needed, error.declared) == ("WRITE", tuple(declared))
    shown = ", ".join(declared) or "none"
    assert str(error) == (
        "PUT /rest/api/content/{id} needs the scope WRITE, and atlassian-connect.json "
        f"declares {shown}: write {write}"
    )
    assert not network.calls


@pytest.mark.parametrize("declared", ["WRITE", "write", "DELETE", "ADMIN"])
def test_a_call_with_its_scope_is_sent(
    app: Flask, app_context: None, network: responses.RequestsMock, declared: str
) -> None:
    network.put(SITE + CONTENT)
    service_with(app, declared).request("PUT", CONTENT, json={})
    assert len(network.calls) == 1


@pytest.mark.parametrize("path", [CONTENT, f"/wiki{CONTENT}", SITE + CONTENT])
def test_the_scope_is_checked_however_the_path_is_given(
    app: Flask, app_context: None, network: responses.RequestsMock, path: str
) -> None:
    with pytest.raises(ScopeError, match="needs the scope READ"):
        service_with(app, "ACT_AS_USER").get_json(path)
    assert not network.calls


def test_a_call_closed_to_all_apps_is_not_sent(
    app: Flask, app_context: None, network: responses.RequestsMock
) -> None:
    with pytest.raises(
        ScopeError, match="^GET /rest/api/audit is closed to Connect apps"
    ):
        service_with(app, "ADMIN").request("GET", "/rest/api/audit")
    assert not network.calls


def test_what_needs_no_scope_is_always_sent(
    app: Flask, app_context: None, network: responses.RequestsMock
) -> None:
    network.get(
        f"{SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}/properties",
        json={"keys": []},
    )
    assert service_with(app).properties.keys() == []


def test_an_unknown_call_is_sent_and_logged_without_its_ids(
    app: Flask,
    app_context: None,
    network: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="app")
    network.get(f"{SITE}/rest/new/canary")
    service_with(app).request("get", "/rest/new/canary?canary=1")
    [message] = [record.getMessage() for record in caplog.records]
    assert message == "no table knows what GET /rest/... needs"


def test_the_tables_of_confluence_are_not_for_jira(
    app: Flask, app_context: None, network: responses.RequestsMock
) -> None:
    declare(app, "NONE")
    jira = replace(tenant_at(JIRA_SITE), product_type="jira")
    service = TenantService(jira, shared_secret=signing.SECRET)
    network.get(f"{JIRA_SITE}/rest/api/content/1", status=404)
    with pytest.raises(ConnectError, match="answered 404: Not Found$"):
        service.request("GET", "/rest/api/content/1")
    assert len(network.calls) == 1
    with pytest.raises(ScopeError, match="addons/{addonKey} needs the scope READ"):
        service.license.get()
    assert len(network.calls) == 1
