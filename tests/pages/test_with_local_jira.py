"""The example app on a local Jira: the same tenants and calls, another product."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from devhost.install.upm_client import install_app
from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.users import ADMINISTRATOR, ANONYMOUS, ORDINARY_USER
from devhost.testing.app_server import ReservedPort, serve
from flask import Flask

from app.connect import TenantService, find_tenant


@pytest.fixture
def jira() -> Iterator[LocalConfluence]:
    with LocalConfluence(product="jira") as running:
        yield running


@pytest.fixture
def port() -> Iterator[ReservedPort]:
    reserved = ReservedPort()
    yield reserved
    reserved.close()


@pytest.fixture
def config(
    config: dict[str, Any], jira: LocalConfluence, port: ReservedPort
) -> dict[str, Any]:
    """The settings of the app under test, on the local Jira."""
    return {
        **config,
        "CONNECT_BASE_URL": port.base_url,
        "CONNECT_ALLOWED_HOSTS": "localhost",
        "CONNECT_KEY_SERVERS": f"{jira.origin}/install-keys",
        "CONNECT_ALL_JS_URL": f"{jira.base_url}/atlassian-connect/all.js",
    }


@pytest.fixture
def app_key(app: Flask, jira: LocalConfluence, port: ReservedPort) -> Iterator[str]:
    """The key of the app, which runs and is installed."""
    with serve(app, port):
        yield install_app(jira.base_url, f"{port.base_url}/atlassian-connect.json")


def service_of(app_key: str, jira: LocalConfluence) -> TenantService:
    installation = jira.site.get(Installations).find_enabled(app_key)
    assert installation is not None
    tenant = find_tenant(installation.client_key)
    assert tenant is not None
    assert (tenant.product_type, tenant.base_url) == ("jira", jira.base_url)
    return TenantService(tenant)


def test_the_page_is_shown_to_a_person_of_jira(
    app_key: str, jira: LocalConfluence
) -> None:
    page = f"{jira.base_url}/plugins/servlet/ac/{app_key}/overview"
    assert requests.get(page, timeout=30).ok
    frame = requests.get(jira.exchanges.find(kind="iframe")[-1].url, timeout=30)
    assert frame.status_code == 200
    assert str(jira.site.user.account_id) in frame.text
    assert f"{jira.base_url}/atlassian-connect/all.js" in frame.text


def test_the_app_calls_back(app: Flask, app_key: str, jira: LocalConfluence) -> None:
    with app.app_context():
        service = service_of(app_key, jira)
        assert service.properties.set("colour", "teal")
        assert service.properties.get("colour") == "teal"
        assert service.license.get().active is None
        page = {"key": "more", "name": {"value": "More"}, "url": "/overview"}
        service.modules.register({"generalPages": [page]})
        assert service.modules.list() == {"generalPages": [page]}
    assert "More" in requests.get(jira.base_url, timeout=30).text


def test_the_page_for_administrators_is_theirs(
    app_key: str, jira: LocalConfluence
) -> None:
    for user, status in ((ADMINISTRATOR, 200), (ORDINARY_USER, 403), (ANONYMOUS, 403)):
        jira.site.switch_user(user)
        page = f"{jira.base_url}/plugins/servlet/ac/{app_key}/settings"
        assert requests.get(page, timeout=30).ok
        frame = requests.get(jira.exchanges.find(kind="iframe")[-1].url, timeout=30)
        assert frame.status_code == status, user
        assert ("Only administrators get here" in frame.text) == (status == 200)
