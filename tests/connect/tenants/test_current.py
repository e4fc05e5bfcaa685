"""The proxies return what was verified about a request; without one they raise."""

from typing import Any

import pytest
from flask import Flask, jsonify

from app.connect import (
    current_account_id,
    current_context,
    current_tenant,
    jwt_required,
    public,
)
from app.connect.tenants.current import get_verified_request
from app.connect.tenants.models import Tenant
from tests.signing import (
    ACCOUNT_ID,
    CLIENT_KEY,
    MISSING,
    SECRET,
    authorization,
    host_token,
)


@pytest.fixture
def who(app: Flask) -> None:
    @app.get("/who")
    @jwt_required
    def verified() -> Any:
        assert SECRET not in repr(get_verified_request())
        return jsonify(
            tenant=current_tenant.client_key,
            account=current_account_id,
            context=current_context,
            anonymous=not current_account_id,
        )

    @app.get("/nobody")
    @public
    def anyone() -> str:
        return str(current_tenant.client_key)


@pytest.mark.parametrize(
    ("sub", "account"), [(ACCOUNT_ID, ACCOUNT_ID), (MISSING, None)]
)
def test_a_verified_request_names_tenant_user_and_context(
    app: Flask, who: None, tenant: Tenant, sub: Any, account: str | None
) -> None:
    token = host_token("GET", "/who", sub=sub, context={"a": {"b": 1}})
    answer = app.test_client().get("/who", headers=authorization(token))
    assert answer.json == {
        "tenant": CLIENT_KEY,
        "account": account,
        "context": {"a": {"b": 1}},
        "anonymous": account is None,
    }


def test_outside_a_verified_request_the_proxies_raise(app: Flask) -> None:
    for read in (
        lambda: current_tenant.client_key,
        lambda: str(current_account_id),
        lambda: current_context.get("a"),
        get_verified_request,
    ):
        with app.app_context(), pytest.raises(RuntimeError, match="jwt_required"):
            read()
        with app.test_request_context("/"), pytest.raises(RuntimeError):
            read()


def test_a_public_route_does_not_verify_a_token(
    app: Flask, who: None, tenant: Tenant
) -> None:
    token = host_token("GET", "/nobody")
    with pytest.raises(RuntimeError, match="not verified"):
        app.test_client().get("/nobody", headers=authorization(token))
