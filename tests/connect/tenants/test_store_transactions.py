"""The store's transactions, concurrent with others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.connect.db.encryption import SecretCipher
from app.connect.tenants.models import Tenant
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.conftest import ENCRYPTION_KEY
from tests.connect.tenants.stored_tenants import (
    Install,
    record_of,
)
from tests.signing import CLIENT_KEY, OTHER_SECRET, SECRET


@pytest.fixture
def vanish(app: Flask) -> Iterator[Callable[[int], None]]:
    """Delete the tenant just before it is updated, a number of times."""
    left = [0]

    def strike(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE tenant ") and left[0]:
            left[0] -= 1
            cursor.execute("DELETE FROM tenant")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", strike)
    yield lambda times: left.__setitem__(0, times)
    event.remove(engine, "before_cursor_execute", strike)


def test_a_row_that_vanishes_meanwhile_is_stored_again(
    store: TenantStore, install: Install, vanish: Callable[[int], None]
) -> None:
    install()
    vanish(2)
    stored = install(2.0, shared_secret=OTHER_SECRET)
    assert stored is not None
    assert stored[0] == store.find(CLIENT_KEY)


def test_a_row_that_appears_meanwhile_is_no_error(
    store: TenantStore, install: Install
) -> None:
    left = [1]

    def insert_twice(
        _c: Any, cursor: Any, statement: str, values: Any, *_: Any
    ) -> None:
        if statement.startswith("INSERT INTO tenant (") and left:
            left.pop()
            cursor.execute(statement, values)

    event.listen(db.engine, "before_cursor_execute", insert_twice)
    stored = install()
    event.remove(db.engine, "before_cursor_execute", insert_twice)
    assert stored is not None
    assert store.count() == 1
    assert not left


def test_a_row_that_keeps_vanishing_is_a_503(
    client: FlaskClient,
    tenant: Tenant,
    vanish: Callable[[int], None],
) -> None:
    vanish(100)
    headers = signing.authorization(signing.install_token())
    answer = client.post("/installed", json=signing.payload(), headers=headers)
    assert answer.status_code == 503


def test_every_field_of_an_install_is_stored(
    store: TenantStore, install: Install
) -> None:
    install(
        display_url="https://d.example",
        product_type="jira",
        oauth_client_id="o",
        installation_id="i",
        cloud_id="c",
        entitlement_id="e",
        entitlement_number="n",
        service_entitlement_number="s",
    )
    record = record_of()
    assert record.display_url == "https://d.example"
    assert record.product_type == "jira"
    assert record.oauth_client_id == "o"
    assert record.installation_id == "i"
    assert record.cloud_id == "c"
    assert record.entitlement_id == "e"
    assert record.entitlement_number == "n"
    assert record.service_entitlement_number == "s"
    assert SecretCipher([ENCRYPTION_KEY]).decrypt(record.shared_secret) == SECRET
