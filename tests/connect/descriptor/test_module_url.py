"""Links to the app's pages on a tenant's site."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, render_template_string

from app.connect import acting_for, module_url
from app.connect.tenants.models import Tenant
from tests import signing

PAGE = f"{signing.SITE}/plugins/servlet/ac/{signing.APP_KEY}"


@pytest.fixture(autouse=True)
def _page_with_parameters(app: Flask, app_context: None) -> None:
    module = {"key": "report", "url": "/report?tab={ac.tab}&page-id={ac.page-id}"}
    app.extensions["connect.descriptor"]["modules"]["generalPages"].append(module)


def test_the_url_of_a_page_on_the_tenants_site(tenant: Tenant) -> None:
    assert module_url("overview", tenant=tenant) == f"{PAGE}/overview"
    assert module_url("overview", {}, tenant=tenant) == f"{PAGE}/overview"
    with acting_for(tenant):
        assert module_url("overview") == f"{PAGE}/overview"


def test_the_url_of_a_page_on_a_jira_site(tenant: Tenant) -> None:
    jira = replace(tenant, base_url="https://jira.example.com", product_type="jira")
    assert module_url("overview", tenant=jira) == (
        f"https://jira.example.com/plugins/servlet/ac/{signing.APP_KEY}/overview"
    )


def test_custom_data_is_encoded(tenant: Tenant) -> None:
    custom: dict[str, str | int] = {"tab": "a b&ac.x=/ß", "page-id": 98421}
    assert module_url("report", custom, tenant=tenant) == (
        f"{PAGE}/report?ac.tab=a%20b%26ac.x%3D%2F%C3%9F&ac.page-id=98421"
    )


def test_custom_data_that_the_url_does_not_use_is_refused(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match=r"drops x: write e.g. /report\?x={ac\.x}"):
        module_url("report", {"tab": "a", "x": "b"}, tenant=tenant)


@pytest.mark.parametrize("custom", [{}, {"x": "1"}])
def test_a_dynamic_module_may_ask_for_anything(
    tenant: Tenant, custom: dict[str, Any]
) -> None:
    expected = f"{PAGE}/dynamic" + ("?ac.x=1" if custom else "")
    assert module_url("dynamic", custom, tenant=tenant) == expected


@pytest.mark.parametrize("key", ["", "a/b", "../x", "a?b", "a b", "ü"])
def test_a_key_that_no_module_can_have_is_refused(tenant: Tenant, key: str) -> None:
    with pytest.raises(ValueError, match="is not a module key"):
        module_url(key, tenant=tenant)


@pytest.mark.parametrize("name", ["", "a=b", "a&b", "a}b", "ü"])
def test_a_name_that_no_variable_can_have_is_refused(tenant: Tenant, name: str) -> None:
    with pytest.raises(ValueError, match="is not a name such as page-id"):
        module_url("report", {name: "x"}, tenant=tenant)


def test_outside_of_a_request_a_tenant_must_be_given(tenant: Tenant) -> None:
    with pytest.raises(RuntimeError, match="acting_for"):
        module_url("overview")


def test_module_url_is_available_in_templates(tenant: Tenant) -> None:
    with acting_for(tenant):
        link = "<a href=\"{{ module_url('report', {'tab': 'x'}) }}\" target=\"_top\">"
        text = render_template_string(link)
    assert text == f'<a href="{PAGE}/report?ac.tab=x" target="_top">'
