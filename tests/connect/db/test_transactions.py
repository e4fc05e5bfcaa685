"""Transactions that are retried after a conflict, insert-if-new and upsert."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from app.connect.db.transactions import (
    RowChangedError,
    in_transaction,
    insert_if_new,
    upsert,
)


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
def test_a_transaction_is_not_retried_forever(
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
    """Otherwise two transactions read the same row, and one fails to write it."""

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
            # The server aborts the one that checks first: always the same.
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


pair = Table(
    "pair",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("tenant", String(10)),
    Column("name", String(10)),
    Column("value", Integer),
    Column("other", Integer),
    UniqueConstraint("tenant", "name"),
)
KEY = ("tenant", "name")


@pytest.fixture(params=["sqlite", "postgresql"])
def pairs(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Connection]:
    url = f"sqlite:///{tmp_path / 'pairs.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    engine = create_engine(url)
    pair.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    pair.metadata.drop_all(engine)
    engine.dispose()


def values(name: str = "n", value: int = 1, other: int = 1) -> dict[str, Any]:
    return {"tenant": "t", "name": name, "value": value, "other": other}


def test_a_row_is_inserted_once(pairs: Connection) -> None:
    one = insert_if_new(pairs, pair, values(), key=KEY)
    two = insert_if_new(pairs, pair, values("another"), key=KEY)
    assert one is not None and two is not None and one != two
    assert insert_if_new(pairs, pair, values(value=2), key=KEY) is None
    rows = pairs.execute(select(pair).order_by(pair.c.id)).all()
    assert [(row.id, row.value) for row in rows] == [(one, 1), (two, 1)]


def test_an_upsert_changes_only_what_it_names(pairs: Connection) -> None:
    for value in (1, 2):
        row = values(value=value, other=value)
        upsert(pairs, pair, row, key=KEY, changed=["value"])
    upsert(pairs, pair, values("another", 3, 3), key=KEY, changed=["value"])
    rows = pairs.execute(select(pair).order_by(pair.c.id)).all()
    assert [(row.value, row.other) for row in rows] == [(2, 1), (3, 3)]


def test_another_constraint_than_the_key_still_fails(pairs: Connection) -> None:
    stored = insert_if_new(pairs, pair, values(), key=KEY)
    with pairs.begin_nested(), pytest.raises(IntegrityError):
        with pairs.begin_nested():
            insert_if_new(pairs, pair, {**values("b"), "id": stored}, key=KEY)
