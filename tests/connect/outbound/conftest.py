"""Fixtures for the tests of outbound calls: the service of an installed tenant."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect import TenantService
from app.connect.outbound.state import EXTENSION
from app.connect.tenants.models import Tenant
from tests import installing
from tests.connect.outbound.host import RawHost, serve_raw_host
from tests.connect.outbound.scopes import declare

OAUTH_TOKEN = "https://oauth-2-authorization-server.services.atlassian.com/oauth2/token"
OUTSIDE = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("requests_ca_bundle", "curl_ca_bundle", "netrc"),
)


@pytest.fixture(autouse=True)
def _no_network_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolate the tests from a developer's proxies and certificates."""
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def service(tenant: Tenant, app: Flask, app_context: None) -> TenantService:
    """The service of the installed tenant, for an app with every scope."""
    declare(app, "ADMIN")
    return TenantService(tenant)


@pytest.fixture
def install(app: Flask) -> Callable[..., Tenant]:
    """Install a tenant by a lifecycle callback; the fields are the payload's."""
    return partial(installing.install, app)


@pytest.fixture
def raw_host(app: Flask) -> Iterator[RawHost]:
    """A real HTTP server to call."""
    with serve_raw_host() as host:
        yield host
    app.extensions[EXTENSION].calls.session.close()


@pytest.fixture
def raw_service(tenant: Tenant, app_context: None, raw_host: RawHost) -> TenantService:
    """The service of a tenant whose host is the real HTTP server."""
    site = f"{raw_host.origin}/wiki"
    return TenantService(replace(tenant, base_url=site, display_url=site))


@pytest.fixture
def user_service(
    app: Flask, install: Callable[..., Tenant], app_context: None
) -> TenantService:
    """The service of a tenant that lets the app act as its users."""
    declare(app, "WRITE", "ACT_AS_USER")
    return TenantService(install(oauthClientId="canary-client"))


@dataclass
class Grants:
    """How many times the authorization server was called."""

    count: int = 0


@pytest.fixture
def grants(network: responses.RequestsMock) -> Grants:
    """An authorization server that issues token-1, token-2 and so on."""
    grants = Grants()

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        grants.count += 1
        token = f"token-{grants.count}"
        body = {"access_token": token, "expires_in": 900, "token_type": "bearer"}
        return 200, {}, json.dumps(body)

    network.add_callback(responses.POST, OAUTH_TOKEN, callback=answer)
    return grants
