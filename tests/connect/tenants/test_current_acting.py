"""``acting_for``, outside and inside of a request."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.connect import (
    acting_for,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
    find_tenant,
    jwt_required,
)
from app.connect.tenants.models import Tenant
from tests import signing


def test_the_proxies_answer_inside_the_block_only(
    app_context: None, tenant: Tenant
) -> None:
    with acting_for(tenant, "account", {"space": "DS"}):
        assert current_tenant == tenant
        assert str(current_account_id) == "account"
        assert current_context == {"space": "DS"}
        assert current_service.tenant == tenant
    with pytest.raises(RuntimeError, match="use acting_for"):
        _ = current_tenant.client_key


def test_without_an_account_id_the_app_acts_for_itself(
    app_context: None, tenant: Tenant
) -> None:
    with acting_for(tenant):
        assert not current_account_id
        assert current_context == {}


def test_blocks_nest(app_context: None, tenant: Tenant) -> None:
    with acting_for(tenant, "outer"):
        with acting_for(tenant, "inner"):
            assert str(current_account_id) == "inner"
        assert str(current_account_id) == "outer"


def test_a_tenant_that_was_purged_is_not_acted_for(app: Flask, tenant: Tenant) -> None:
    with app.app_context():
        tenants = app.extensions["connect"].tenants
        tenants.uninstall(tenant.client_key, issued_at=2_000_000_000)
        tenants.purge(retention_days=0)
        with pytest.raises(LookupError), acting_for(tenant):
            raise AssertionError


def test_a_request_context_of_a_tasks_own_is_still_the_tenants(
    app: Flask, tenant: Tenant
) -> None:
    with app.app_context(), acting_for(tenant), app.test_request_context("/"):
        assert current_tenant == tenant


@pytest.fixture
def routes(app: Flask) -> None:
    """Views that return the current tenant."""

    @app.get("/both")
    @jwt_required
    def both() -> list[str]:
        found = find_tenant(str(current_tenant.client_key))
        assert found is not None
        with acting_for(found, "task"):
            inside = str(current_account_id)
        return [inside, str(current_account_id)]

    @app.get("/own")
    @jwt_required
    def own() -> list[str]:
        return [str(current_account_id)]


def test_inside_a_request_the_block_goes_before_the_request(
    routes: None, client: FlaskClient, tenant: Tenant
) -> None:
    headers = signing.authorization(signing.host_token("GET", "/both"))
    answer = client.get("/both", headers=headers)
    assert answer.json == ["task", signing.ACCOUNT_ID]


def test_a_request_that_begins_inside_the_block_speaks_for_itself(
    routes: None, app_context: None, client: FlaskClient, tenant: Tenant
) -> None:
    with acting_for(tenant, "task"):
        headers = signing.authorization(signing.host_token("GET", "/own"))
        assert client.get("/own", headers=headers).json == [signing.ACCOUNT_ID]
