"""Fixtures for the tests of inbound requests."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from flask import Flask, jsonify, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.connect import (
    context_jwt_required,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
    find_tenant,
    jwt_required,
    public,
    session_token,
    session_token_required,
)
from app.connect.inbound.policies import signed_install_required
from app.connect.tenants.models import Tenant, TenantEvent
from app.extensions import db
from tests import signing
from tests.connect.inbound.lifecycle_events import Send, deliver
from tests.signing import (
    CLIENT_KEY,
    authorization,
    install_token,
    payload,
)


@pytest.fixture
def keys() -> Iterator[responses.RequestsMock]:
    """A key server that a test can ask but need not."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        yield mock


@pytest.fixture
def key_at_hand(app: Flask) -> None:
    """An install key that has verified an install, so that no server is asked."""
    keys = app.extensions["connect.inbound"].install_keys
    key = signing.INSTALL_KEY.public_key()
    keys._remember_good(signing.KEY_ID, key, refresh_at=math.inf)


@pytest.fixture
def send(client: FlaskClient, keys: responses.RequestsMock) -> Send:
    def deliver_to_app(event: str, **options: Any) -> TestResponse:
        return deliver(client, event, **options)

    return deliver_to_app


@pytest.fixture
def audit(app: Flask) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
    """Read the audit trail: events with their details, without times and URLs."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        query = select(TenantEvent.event, TenantEvent.details).order_by(TenantEvent.id)
        with app.app_context():
            rows = db.session.execute(query).all()
        return [
            (event, {k: v for k, v in details.items() if k != "base_url"})
            for event, details in rows
        ]

    return read


@pytest.fixture
def find(app: Flask) -> Callable[..., Tenant]:
    def read(client_key: str = CLIENT_KEY) -> Tenant:
        with app.app_context():
            tenant = find_tenant(client_key)
        assert tenant is not None
        return tenant

    return read


@pytest.fixture
def own_routes(app: Flask) -> None:
    """Routes that a fork adds."""

    @app.route("/mine", methods=["GET", "POST", "HEAD"])
    @jwt_required
    def mine() -> str:
        return current_tenant.client_key

    @app.get("/mine/xhr")
    @context_jwt_required
    def xhr() -> str:
        return current_tenant.client_key

    @app.post("/mine/signed")
    @signed_install_required("mine/signed")
    def signed() -> str:
        return "signed"

    @app.get("/mine/public")
    @public
    def anyone() -> str:
        try:
            return current_tenant.client_key
        except RuntimeError:
            return "nobody"

    @app.get("/mine/lines/<rest>")
    @jwt_required
    def lines(rest: str) -> str:
        return rest


@pytest.fixture
def install(client: FlaskClient, keys: responses.RequestsMock) -> Callable[..., None]:
    """Install a tenant by a lifecycle callback; the fields are the payload's."""

    def send(**changes: Any) -> None:
        body = payload(**changes)
        headers = authorization(install_token(iss=body["clientKey"]))
        assert client.post("/installed", json=body, headers=headers).status_code == 204

    return send


@pytest.fixture
def pages(app: Flask, request: pytest.FixtureRequest) -> FlaskClient:
    """An app with a page that creates session tokens, and views that accept them."""

    @app.get("/start")
    @jwt_required
    def start() -> str:
        return render_template_string("{{ session_token() }}")

    @app.get("/start/bridge")
    @context_jwt_required
    def bridge() -> str:
        return session_token()

    @app.route("/next", methods=["GET", "POST", "PUT"])
    @session_token_required
    def following() -> Any:
        return jsonify(
            tenant=current_tenant.client_key,
            user=current_account_id,
            context=current_context,
            service=current_service.tenant.client_key,
            token=session_token(),
        )

    request.getfixturevalue("tenant")
    return app.test_client()
