"""Which tenants and which of their secrets are accepted."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.extensions import db
from tests.connect.inbound.requests_with_tokens import (
    HOUR,
    NOW,
    ask,
    lifecycle,
    statuses,
)
from tests.example import create_app
from tests.signing import (
    CLIENT_KEY,
    OTHER_SECRET,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)

NEWEST_SECRET = "ATCO" + "n" * 60


def test_a_tenant_is_served_while_it_is_installed_and_enabled(
    client: FlaskClient,
    tenant: Tenant,
    install: Callable[..., None],
) -> None:
    assert ask(client, "/overview", host_token()) == 200
    assert lifecycle(client, "disabled") == 204
    assert ask(client, "/overview", host_token()) == 401
    assert ask(client, "/api/context", context_token()) == 401
    assert lifecycle(client, "enabled") == 204
    assert ask(client, "/overview", host_token()) == 200
    assert lifecycle(client, "uninstalled") == 204
    assert ask(client, "/overview", host_token()) == 401
    assert lifecycle(client, "enabled") == 401
    assert lifecycle(client, "disabled") == 204
    install()
    assert ask(client, "/overview", host_token()) == 200


def test_a_tenant_is_not_known_to_an_app_without_it(client: FlaskClient) -> None:
    assert ask(client, "/overview", host_token()) == 401


def test_the_previous_secret_is_good_until_the_new_one_is_used(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert statuses(client, SECRET, SECRET) == [200, 200]
    assert statuses(client, OTHER_SECRET) == [200]
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]


def test_a_token_that_is_refused_does_not_retire_a_secret(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    changes: list[dict[str, Any]]
    changes = [{"qsh": "x"}, {"exp": NOW - HOUR}, {"context": []}]
    for bad in changes:
        assert ask(client, "/overview", host_token(secret=OTHER_SECRET, **bad)) == 401
    assert statuses(client, SECRET, OTHER_SECRET, SECRET) == [200, 200, 401]


def test_the_previous_secret_is_good_within_its_grace(
    app: Flask, client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert statuses(client, SECRET) == [200]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("UPDATE tenant SET previous_secret_until = '2020-01-01 00:00:00'")
        )
        get_state().tenants._cache.forget(CLIENT_KEY)
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]


def test_without_a_grace_the_previous_secret_is_refused_at_once(
    config: dict[str, Any], app: Flask, install: Callable[..., None]
) -> None:
    install()
    hasty = create_app({**config, "CONNECT_SECRET_GRACE": 0})
    client = hasty.test_client()
    assert statuses(client, SECRET) == [200]
    body = payload(sharedSecret=OTHER_SECRET)
    answer = client.post(
        "/installed", json=body, headers=authorization(install_token())
    )
    assert answer.status_code == 204
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]
    with hasty.app_context():
        db.engine.dispose()


def test_the_last_secret_that_was_used_outlives_installs_that_were_not(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    install(sharedSecret=NEWEST_SECRET)
    assert statuses(client, SECRET) == [200]
    assert statuses(client, OTHER_SECRET) == [401]
    assert statuses(client, NEWEST_SECRET, SECRET) == [200, 401]


def test_a_replaced_secret_is_good_for_a_context_token_too(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert ask(client, "/api/context", context_token()) == 200
    assert ask(client, "/api/context", context_token(secret=OTHER_SECRET)) == 200
    assert ask(client, "/api/context", context_token()) == 401


def test_a_failure_to_retire_a_secret_does_not_fail_the_request(
    config: dict[str, Any],
    app: Flask,
    tenant: Tenant,
    tmp_path: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"sqlite:///file:{tmp_path / 'app.sqlite3'}?mode=ro&uri=true"
    if not config["DATABASE_URL"].startswith("sqlite"):
        read_only = "?options=-c%20default_transaction_read_only%3Don"
        url = f"{config['DATABASE_URL']}{read_only}"
    reader = create_app({**config, "DATABASE_URL": url})
    assert ask(reader.test_client(), "/overview", host_token()) == 200
    assert "could not retire a secret: " in caplog.text
    with reader.app_context():
        db.engine.dispose()
