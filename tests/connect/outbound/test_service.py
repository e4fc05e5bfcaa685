"""``TenantService``, inside and outside a request."""

from collections.abc import Callable
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect import (
    TenantService,
    current_service,
    current_tenant,
    find_tenant,
    jwt_required,
)
from app.connect.errors import HostResponseError
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import assert_signed

SPACE = f"{signing.SITE}/rest/api/space"


@pytest.mark.parametrize("tenant", [None, "client-key", {}], ids=repr)
def test_a_service_is_of_a_tenant_and_nothing_else(
    app_context: None, tenant: Any
) -> None:
    with pytest.raises(TypeError, match="find_tenant gives None"):
        TenantService(tenant)


def test_an_unknown_tenant_has_no_service(app_context: None) -> None:
    with pytest.raises(TypeError):
        TenantService(find_tenant("nobody"))  # type: ignore[arg-type]  # That is the mistake.


def test_a_found_tenant_has_a_service(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={})
    found = find_tenant(signing.CLIENT_KEY)
    assert found == tenant
    TenantService(found).request("GET", "/rest/api/space")
    assert_signed(network.calls[0].request)


def test_a_purged_tenant_has_no_service(
    tenant: Tenant, app: Flask, client: FlaskClient, app_context: None
) -> None:
    assert TenantService(tenant).tenant is tenant
    answer = client.post(
        "/uninstalled",
        json=signing.payload("uninstalled"),
        headers=signing.authorization(signing.install_token("/uninstalled")),
    )
    assert answer.status_code == 204
    store = app.extensions["connect"].tenants
    assert store.purge(retention_days=0) == [signing.CLIENT_KEY]

    with pytest.raises(LookupError, match="has been purged"):
        TenantService(tenant)


def test_a_service_shows_its_tenant_but_no_secret(service: TenantService) -> None:
    assert repr(service) == f"<TenantService {signing.CLIENT_KEY!r}>"
    seen = " ".join([repr(vars(service)), repr(service), str(service)])
    assert signing.SECRET not in seen


def test_a_service_outside_a_request_signs_with_the_newest_secret(
    tenant: Tenant,
    install: Callable[..., Tenant],
    app_context: None,
    network: responses.RequestsMock,
) -> None:
    network.get(SPACE, json={})
    TenantService(tenant).request("GET", "/rest/api/space")
    install(sharedSecret=signing.OTHER_SECRET)
    TenantService(tenant).request("GET", "/rest/api/space")

    before, after = (call.request for call in network.calls)
    assert_signed(before, secret=signing.SECRET)
    assert_signed(after, secret=signing.OTHER_SECRET)


def test_malformed_json_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={"results": []})
    assert service.get_json("/rest/api/space") == {"results": []}
    network.replace(responses.GET, SPACE, body="<html>")
    with pytest.raises(HostResponseError, match="not JSON"):
        service.get_json("/rest/api/space", params={"limit": 1})
    assert network.calls[1].request.url == f"{SPACE}?limit=1"


@pytest.mark.parametrize("attribute", ["request", "properties", "tenant"])
def test_there_is_no_current_service_outside_a_request(
    app_context: None, attribute: str
) -> None:
    with pytest.raises(RuntimeError, match="not verified"):
        getattr(current_service, attribute)


@pytest.fixture
def calling(app: Flask) -> FlaskClient:
    """An app with a page that calls the host, and shows for which tenant."""

    @app.get("/calls")
    @jwt_required
    def calls() -> str:
        current_service.request("GET", "/rest/api/space")
        assert TenantService(current_tenant).tenant == current_service.tenant
        return str(current_service.tenant.client_key)

    return app.test_client()


def opened(client: FlaskClient, secret: str, **claims: Any) -> int:
    token = signing.host_token("GET", "/calls", secret=secret, **claims)
    headers = signing.authorization(token)
    return client.get("/calls", headers=headers).status_code


def test_the_current_service_is_of_the_tenant_of_the_request(
    calling: FlaskClient,
    install: Callable[..., Tenant],
    network: responses.RequestsMock,
) -> None:
    install()
    install(
        clientKey="other-client-key",
        baseUrl="https://other.atlassian.net/wiki",
        sharedSecret=signing.OTHER_SECRET,
    )
    network.get(SPACE, json={})
    network.get("https://other.atlassian.net/wiki/rest/api/space", json={})

    assert opened(calling, signing.SECRET) == 200
    assert opened(calling, signing.OTHER_SECRET, iss="other-client-key") == 200

    urls = [call.request.url for call in network.calls]
    assert urls == [SPACE, "https://other.atlassian.net/wiki/rest/api/space"]


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(signing.SECRET, id="previous"),
        pytest.param(signing.OTHER_SECRET, id="new"),
    ],
)
def test_the_current_service_signs_as_the_request_was_signed(
    calling: FlaskClient,
    install: Callable[..., Tenant],
    network: responses.RequestsMock,
    secret: str,
) -> None:
    install(sharedSecret=signing.SECRET)
    network.get(SPACE, json={})
    assert opened(calling, signing.SECRET) == 200
    install(sharedSecret=signing.OTHER_SECRET)

    assert opened(calling, secret) == 200

    assert_signed(network.calls[-1].request, secret=secret)
