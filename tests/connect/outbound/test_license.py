"""The license resource: documented and malformed answers."""

from dataclasses import replace
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect import TenantService
from app.connect.errors import (
    AppNotFoundError,
    HostResponseError,
    HostUnavailableError,
    ScopeError,
)
from app.connect.outbound.license import Contact, License
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import JIRA_SITE, assert_signed, tenant_at
from tests.connect.outbound.scopes import declare, enable_licensing

PATH = f"/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
URL = signing.SITE + PATH
LINKS = {
    "marketplace": [{"href": "http:// marketplace.atlassian.com/plugins/example-app"}],
    "self": [{"href": "http:// example.com/rest/atlassian-connect/latest/example-app"}],
}
UNLICENSED = {
    "key": "example-app",
    "version": "1.0",
    "state": "ENABLED",
    "host": {
        "product": "Jira",
        "contacts": [{"name": "Example Contact", "email": "contact@example.com"}],
    },
    "links": LINKS,
}
LICENSE = {
    "active": True,
    "type": "COMMERCIAL",
    "evaluation": False,
    "supportEntitlementNumber": "SEN-###",
}
LICENSED = {**UNLICENSED, "license": LICENSE}


def changed(**changes: Any) -> dict[str, Any]:
    return signing.merged(LICENSED, changes)


def with_license(**changes: Any) -> dict[str, Any]:
    return changed(license=signing.merged(LICENSE, changes))


def test_the_license_of_a_paid_app(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, json=LICENSED)

    assert service.license.get() == License(
        key="example-app",
        version="1.0",
        state="ENABLED",
        host_product="Jira",
        host_contacts=(Contact("Example Contact", "contact@example.com"),),
        active=True,
        type="COMMERCIAL",
        evaluation=False,
        support_entitlement_number="SEN-###",
        entitlement_id=None,
        entitlement_number=None,
        links=LINKS,
    )
    assert network.calls[0].request.url == URL
    assert_signed(network.calls[0].request)


def test_a_free_app_has_no_license(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, json=UNLICENSED)
    assert service.license.get() == License(
        key="example-app",
        version="1.0",
        state="ENABLED",
        host_product="Jira",
        host_contacts=(Contact("Example Contact", "contact@example.com"),),
        links=LINKS,
    )


def test_the_license_of_a_jira_app_is_asked_without_wiki(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    jira = replace(tenant, base_url=JIRA_SITE, display_url=JIRA_SITE)
    network.get(JIRA_SITE + PATH, json=LICENSED)
    assert TenantService(jira).license.get().host_product == "Jira"
    assert_signed(network.calls[0].request, base_url=JIRA_SITE)


@pytest.mark.parametrize(
    ("answer", "active"),
    [
        pytest.param(with_license(active=True), True, id="active"),
        pytest.param(with_license(active=False), False, id="ended"),
        pytest.param(UNLICENSED, None, id="free app"),
        pytest.param(changed(license=None), None, id="null license"),
        pytest.param(changed(license={}), None, id="empty license"),
        pytest.param(with_license(active=None), None, id="null"),
    ],
)
def test_a_free_app_is_not_an_inactive_one(
    service: TenantService,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    active: bool | None,
) -> None:
    network.get(URL, json=answer)
    assert service.license.get().active is active


@pytest.mark.parametrize(
    ("answer", "active"),
    [
        pytest.param(with_license(active=True), True, id="active"),
        pytest.param(with_license(active=False), False, id="ended"),
        pytest.param(UNLICENSED, False, id="missing"),
        pytest.param(changed(license=None), False, id="null license"),
        pytest.param(changed(license={}), False, id="empty license"),
        pytest.param(with_license(active=None), False, id="null"),
    ],
)
def test_a_paid_app_without_a_license_is_not_a_free_one(
    app: Flask,
    service: TenantService,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    active: bool,
) -> None:
    enable_licensing(app)
    network.get(URL, json=answer)
    assert TenantService(service.tenant).license.get().active is active


@pytest.mark.parametrize("status", [201, 202, 203, 206, 302])
def test_only_a_200_is_a_license(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.get(URL, status=status, json=LICENSED)
    with pytest.raises(HostResponseError, match="not a 200"):
        service.license.get()


@pytest.mark.parametrize(
    ("answer", "field", "value"),
    [
        pytest.param(changed(key="other"), "key", "other", id="key"),
        pytest.param(changed(version="2.1"), "version", "2.1", id="version"),
        pytest.param(changed(state="DISABLED"), "state", "DISABLED", id="state"),
        pytest.param(
            changed(host={"product": "Confluence"}),
            "host_product",
            "Confluence",
            id="host.product",
        ),
        pytest.param(changed(host={}), "host_contacts", (), id="no contacts"),
        pytest.param(
            changed(host={"contacts": None}), "host_contacts", (), id="null contacts"
        ),
        pytest.param(changed(host=None), "host_contacts", (), id="null host"),
        pytest.param(changed(host=signing.MISSING), "host_product", None, id="no host"),
        pytest.param(
            changed(host={"contacts": [{"name": "A"}, {"email": "b@example.com"}]}),
            "host_contacts",
            (Contact("A", None), Contact(None, "b@example.com")),
            id="host.contacts",
        ),
        pytest.param(with_license(type="DEVELOPER"), "type", "DEVELOPER", id="type"),
        pytest.param(with_license(evaluation=True), "evaluation", True, id="trial"),
        pytest.param(
            with_license(supportEntitlementNumber="SEN-1"),
            "support_entitlement_number",
            "SEN-1",
            id="supportEntitlementNumber",
        ),
        pytest.param(
            with_license(entitlementId="id-1"), "entitlement_id", "id-1", id="id"
        ),
        pytest.param(
            with_license(entitlementNumber="E-1"),
            "entitlement_number",
            "E-1",
            id="entitlementNumber",
        ),
        pytest.param(changed(links=signing.MISSING), "links", {}, id="no links"),
    ],
)
def test_every_field_of_the_document_is_read(
    service: TenantService,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    field: str,
    value: Any,
) -> None:
    network.get(URL, json=answer)
    assert getattr(service.license.get(), field) == value


def test_a_license_of_the_key_alone_is_a_license(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, json={"key": "example-app"})
    assert service.license.get() == License(key="example-app")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(changed(new={"a": 1}), id="at the top"),
        pytest.param(with_license(renewal="2030-01-01"), id="in the license"),
        pytest.param(
            with_license(key="K", version="V", state="S", links={}, host_product="H"),
            id="named like fields elsewhere",
        ),
        pytest.param(
            changed(host={**UNLICENSED["host"], "region": "EU"}),  # type: ignore[dict-item]  # A field of the future.
            id="in the host",
        ),
        pytest.param(
            changed(
                host={
                    "product": "Jira",
                    "contacts": [
                        {
                            "name": "Example Contact",
                            "email": "contact@example.com",
                            "phone": "1",
                        }
                    ],
                }
            ),
            id="in a contact",
        ),
    ],
)
def test_unknown_fields_change_nothing(
    service: TenantService, network: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    network.get(URL, json=LICENSED)
    known = service.license.get()
    network.replace(responses.GET, URL, json=answer)
    assert service.license.get() == known


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([LICENSED], id="array"),
        pytest.param(1, id="number"),
        pytest.param("license", id="text"),
        pytest.param(changed(key=signing.MISSING), id="no key"),
        pytest.param(changed(key=None), id="null key"),
        pytest.param(changed(key=1), id="key that is no text"),
        pytest.param(changed(host=["x"]), id="host that is no object"),
        pytest.param(changed(host={"contacts": ["x"]}), id="contact that is no object"),
        pytest.param(changed(host={"contacts": "x"}), id="contacts that are no array"),
        pytest.param(changed(license="COMMERCIAL"), id="license that is no object"),
        pytest.param(changed(license=[]), id="license that is an array"),
        pytest.param(changed(license=0), id="license that is zero"),
        pytest.param(changed(license=""), id="license that is empty text"),
        pytest.param(changed(license=False), id="license that is false"),
        pytest.param(with_license(active="true"), id="active that is text"),
        pytest.param(with_license(active=1), id="active that is one"),
        pytest.param(with_license(active="perhaps"), id="active that is no boolean"),
        pytest.param(with_license(active=[]), id="active that is an array"),
        pytest.param(with_license(type=1), id="type that is no text"),
        pytest.param(changed(links=[]), id="links that are no object"),
    ],
)
def test_an_answer_that_is_no_license_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, answer: Any
) -> None:
    network.get(URL, json=answer)
    with pytest.raises(HostResponseError, match="not a license") as caught:
        service.license.get()
    assert (caught.value.status_code, caught.value.method) == (200, "GET")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.get(URL, status=status, json={"message": "No."})
    with pytest.raises(HostResponseError) as caught:
        service.license.get()
    assert (caught.value.status_code, caught.value.message) == (status, "No.")


def test_an_app_that_the_host_does_not_know_is_told_apart(
    service: TenantService, network: responses.RequestsMock
) -> None:
    message = f"App with key {signing.APP_KEY} was not found"
    network.get(URL, status=404, json={"message": message})
    with pytest.raises(AppNotFoundError, match="was not found"):
        service.license.get()


def test_personal_data_of_contacts_is_in_no_repr(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(URL, json=LICENSED)
    assert "xample Contact" not in repr(service.license.get())
    assert "contact@example.com" not in repr(service.license.get())


def service_with(app: Flask, scopes: list[str]) -> TenantService:
    declare(app, *scopes)
    with app.app_context():
        return TenantService(tenant_at(signing.SITE), shared_secret=signing.SECRET)


@pytest.mark.parametrize("scopes", [["READ"], ["read"], ["WRITE"], ["ADMIN"]], ids=str)
def test_the_license_is_asked_for_with_a_scope_that_grants_read(
    app: Flask,
    network: responses.RequestsMock,
    scopes: list[str],
) -> None:
    network.get(URL, json=LICENSED)
    assert service_with(app, scopes).license.get().active is True


@pytest.mark.parametrize("scopes", [[], ["NONE"], ["ACT_AS_USER"]], ids=str)
def test_the_license_is_not_asked_for_without_the_scope_read(
    app: Flask,
    network: responses.RequestsMock,
    scopes: list[str],
) -> None:
    service = service_with(app, scopes)
    with pytest.raises(ScopeError, match="READ.*atlassian-connect.json"):
        service.license.get()
    assert not network.calls


def test_a_host_that_is_away_is_a_host_unavailable_error(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(HostUnavailableError):
        service.license.get()
