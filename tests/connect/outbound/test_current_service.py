"""``current_service`` is created once per request or ``acting_for`` block."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.connect import acting_for, current_service, jwt_required
from app.connect.tenants.current import get_verified_request
from app.connect.tenants.models import Tenant
from tests import signing

seen: list[Any] = []


def service() -> Any:
    proxy: Any = current_service
    return proxy._get_current_object()


@pytest.fixture
def page(app: Flask) -> FlaskClient:
    """A page that records its service, inside a block of its own, too."""
    seen.clear()

    @app.get("/notes")
    @jwt_required
    def notes() -> str:
        seen.append(service())
        with acting_for(current_service.tenant):
            seen.append(service())
        assert service() is seen[-2]
        return ""

    return app.test_client()


def opened(client: FlaskClient, **claims: Any) -> int:
    token = signing.host_token("GET", "/notes", **claims)
    headers = signing.authorization(token)
    return client.get("/notes", headers=headers).status_code


def test_it_is_made_once_for_a_block(app_context: None, tenant: Tenant) -> None:
    with acting_for(tenant):
        assert service() is service()


def test_no_two_blocks_share_it(app_context: None, tenant: Tenant) -> None:
    found = []
    for _ in range(2):
        with acting_for(tenant):
            found.append(service())
            with acting_for(tenant, "someone"):
                found.append(service())
            assert service() is found[-2]
    assert len({id(each) for each in found}) == 4


def test_no_two_requests_share_it(
    page: FlaskClient, install: Callable[..., Tenant]
) -> None:
    install()
    install(clientKey="other", baseUrl="https://other.atlassian.net/wiki")
    assert opened(page) == opened(page, iss="other") == opened(page) == 200
    assert len({id(each) for each in seen}) == len(seen) == 6
    tenants = [each.tenant.client_key for each in seen[::2]]
    assert tenants == [signing.CLIENT_KEY, "other", signing.CLIENT_KEY]


def test_the_repr_of_a_verified_request_shows_no_service(
    app_context: None, tenant: Tenant
) -> None:
    with acting_for(tenant):
        assert service()
        assert "TenantService" not in repr(get_verified_request())
