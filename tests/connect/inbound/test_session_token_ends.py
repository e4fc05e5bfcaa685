"""What ends a session: an uninstall, a disable, a new install, a purge."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import text

from app.connect import find_tenant, session_token
from app.connect.tenants.current import VerifiedRequest, set_verified_request
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.connect.inbound.requests_with_tokens import lifecycle
from tests.connect.inbound.session_pages import follow, started


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("events", [["uninstalled"], ["disabled"]])
def test_a_token_ends_with_its_installation(
    pages: FlaskClient, events: list[str]
) -> None:
    token = started(pages)
    for event in events:
        assert lifecycle(pages, event) == 204
    assert follow(pages, token) == 401


def test_a_disabled_app_that_is_enabled_again_goes_on(pages: FlaskClient) -> None:
    token = started(pages)
    assert lifecycle(pages, "disabled") == 204
    assert lifecycle(pages, "enabled") == 204
    assert follow(pages, token) == 200


@pytest.mark.parametrize(
    ("changes", "uninstalled", "status"),
    [
        pytest.param({}, False, 200, id="upgrade"),
        pytest.param({"sharedSecret": signing.OTHER_SECRET}, False, 401, id="rotation"),
        pytest.param({}, True, 401, id="return with the same secret"),
    ],
)
def test_a_token_ends_with_a_new_install(
    pages: FlaskClient,
    install: Callable[..., Any],
    changes: dict[str, Any],
    uninstalled: bool,
    status: int,
) -> None:
    token = started(pages)
    if uninstalled:
        assert lifecycle(pages, "uninstalled") == 204
    install(**changes)
    assert follow(pages, token) == status
    # While the new secret is unused, the host may still have the one before.
    assert follow(pages, started(pages)) == 200


def test_another_worker_s_install_is_asked_of_the_database(
    pages: FlaskClient, app: Flask
) -> None:
    token = started(pages)
    with app.app_context():
        stale = get_state().tenants.cached_credentials(signing.CLIENT_KEY)
        assert stale is not None
        with db.engine.begin() as connection:
            connection.execute(
                text("UPDATE tenant SET installed_at = '2020-01-01 00:00:00'")
            )
        newer = started(pages)
        assert newer != token
        get_state().tenants._cache.put(signing.CLIENT_KEY, stale)
    assert follow(pages, newer) == 200


def test_a_session_asks_the_database_for_nothing_that_is_cached(
    pages: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = started(pages)
    asked: list[str] = []
    monkeypatch.setattr(
        TenantStore, "load_credentials", lambda _, key: asked.append(key)
    )
    assert follow(pages, token) == 200
    assert asked == []


def test_a_purged_tenant_has_no_session(
    pages: FlaskClient, app: Flask, tenant: Tenant
) -> None:
    token = started(pages)
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM tenant"))
        get_state().tenants._cache.forget(signing.CLIENT_KEY)
        assert find_tenant(signing.CLIENT_KEY) is None
    assert follow(pages, token) == 401


@pytest.mark.parametrize("purged", [False, True])
def test_no_token_is_made_for_a_purged_tenant(
    app: Flask, tenant: Tenant, purged: bool
) -> None:
    with app.test_request_context("/"):
        verified = VerifiedRequest(tenant, None, {}, signing.SECRET)
        set_verified_request(request, verified)
        if not purged:
            assert session_token()
            return
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM tenant"))
        with pytest.raises(LookupError, match="has been purged"):
            session_token()


@pytest.mark.usefixtures("keys")
def test_cached_credentials_end_a_session_too(pages: FlaskClient, app: Flask) -> None:
    token = started(pages)
    assert lifecycle(pages, "disabled") == 204
    with app.app_context():
        assert get_state().tenants.load_credentials(signing.CLIENT_KEY) is not None
    assert follow(pages, token) == 401
