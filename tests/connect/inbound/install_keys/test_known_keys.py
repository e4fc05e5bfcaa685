"""Known keys: the table of install keys that were good once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.connect.db import postgresql
from app.connect.db.columns import table_of, utc_now
from app.connect.inbound import known_keys
from app.connect.inbound.known_keys import InstallKeyRecord, KnownKeys
from app.extensions import db
from tests import signing

KEY = signing.INSTALL_KEY.public_key()
OTHER_KEY = signing.OTHER_KEY.public_key()


@pytest.fixture
def known(each_database: None, app: Flask) -> KnownKeys:
    """The table, on each of the two databases."""
    return KnownKeys(app)


def stored(app: Flask) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(InstallKeyRecord.key_id)))


def test_a_key_is_found_again_with_its_age(known: KnownKeys) -> None:
    assert known.find("a") is None
    known.keep("a", KEY)
    found = known.find("a")
    assert found is not None
    key, age = found
    assert key == KEY
    assert 0 <= age < 60
    assert known.find("b") is None


def test_a_key_is_replaced_and_dropped(known: KnownKeys, app: Flask) -> None:
    known.keep("a", KEY)
    known.keep("b", KEY)
    known.keep("a", OTHER_KEY)
    found = known.find("a")
    assert found is not None
    assert found[0] == OTHER_KEY
    known.drop("a")
    assert stored(app) == {"b"}


def test_only_the_latest_keys_are_kept(
    known: KnownKeys, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "MAX_KNOWN", 2)
    for key_id in "abac":
        known.keep(key_id, KEY)
    assert stored(app) == {"a", "c"}


def test_a_row_that_is_no_key_is_not_known(known: KnownKeys, app: Flask) -> None:
    values = {"key_id": "a", "pem": "junk", "fetched_at": utc_now()}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(InstallKeyRecord).values(values))
    assert known.find("a") is None


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda known: known.find("a"), id="find"),
        pytest.param(lambda known: known.keep("a", KEY), id="keep"),
        pytest.param(lambda known: known.drop("a"), id="drop"),
    ],
)
@pytest.mark.usefixtures("expendable_tables")
def test_without_a_database_no_key_is_known(
    app: Flask, caplog: pytest.LogCaptureFixture, use: Callable[[KnownKeys], Any]
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        table_of(InstallKeyRecord).drop(connection)
    assert use(KnownKeys(app)) is None
    assert re.search("known keys: (Operational|Programming)Error", caplog.text)


def test_nobody_waits_for_a_database_that_hangs(app: Flask) -> None:
    assert KnownKeys(app)._try(postgresql._somebody_waits)
