"""The store's transactions beside those of others."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.connect.db.encryption import SecretCipher
from app.connect.tenants.rows import RowChangedError, in_transaction
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
def engine(tmp_path: Any) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'plain.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE number (n INTEGER UNIQUE)"))
        connection.execute(text("INSERT INTO number VALUES (1)"))
    yield engine
    engine.dispose()


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT n FROM number ORDER BY n")))


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_transaction_is_repeated_from_its_start(
    engine: Engine, failures: int
) -> None:
    tries = []

    def change(connection: Connection) -> str:
        tries.append(1)
        connection.execute(text("INSERT INTO number VALUES (2)"))
        if len(tries) <= failures:
            raise RowChangedError
        return "done"

    assert in_transaction(engine, change) == "done"
    assert len(tries) == failures + 1
    assert numbers(engine) == [1, 2]


@pytest.mark.parametrize(
    ("statement", "error", "expected"),
    [
        pytest.param(
            "INSERT INTO number VALUES (1)", IntegrityError, 3, id="integrity"
        ),
        pytest.param("SELECT * FROM nowhere", OperationalError, 1, id="operational"),
    ],
)
def test_a_transaction_is_not_repeated_for_ever(
    engine: Engine, statement: str, error: type[Exception], expected: int
) -> None:
    tries = []

    def change(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("INSERT INTO number VALUES (2)"))
        connection.execute(text(statement))

    with pytest.raises(error):
        in_transaction(engine, change)
    assert len(tries) == expected
    assert numbers(engine) == [1]


def test_a_transaction_keeps_other_writers_out_from_its_start(engine: Engine) -> None:
    """Else two transactions read the same row, and one of them fails to write it."""

    def change(connection: Connection) -> None:
        with engine.connect() as other:
            other.exec_driver_sql("PRAGMA busy_timeout=0")
            with pytest.raises(OperationalError, match="locked"):
                other.exec_driver_sql("BEGIN IMMEDIATE")

    in_transaction(engine, change)


def test_a_deadlock_is_repeated(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER, n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0), (2, 0)"))
    both_hold_one = threading.Barrier(2)
    tries: list[int] = []

    def count(order: tuple[int, int]) -> None:
        def change(connection: Connection) -> None:
            add = text("UPDATE counter SET n = n + 1 WHERE id = :id")
            # The server ends the one that looks first: always the same.
            patience = "20ms" if order[0] == 1 else "9s"
            connection.execute(text(f"SET LOCAL deadlock_timeout = '{patience}'"))
            connection.execute(add, {"id": order[0]})
            tries.append(order[0])
            if tries.count(order[0]) == 1:
                both_hold_one.wait(10)
            connection.execute(add, {"id": order[1]})

        in_transaction(engine, change)

    threads = [threading.Thread(target=count, args=(o,)) for o in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert list(connection.scalars(text("SELECT n FROM counter"))) == [2, 2]
    assert tries.count(1) > 1
    engine.dispose()


@pytest.fixture
def vanish(app: Flask) -> Iterator[Callable[[int], None]]:
    """Delete the tenant just before it is selected, so many times."""
    left = [0]

    def strike(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT tenant") and left[0]:
            left[0] -= 1
            cursor.execute("DELETE FROM tenant")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", strike)
    yield lambda times: left.__setitem__(0, times)
    event.remove(engine, "before_cursor_execute", strike)


@pytest.mark.parametrize("known", [False, True])
def test_a_row_that_vanishes_meanwhile_is_stored_again(
    store: TenantStore, install: Install, vanish: Callable[[int], None], known: bool
) -> None:
    if known:
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
    key_server: responses.RequestsMock,
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
