"""Access tokens in the database: who may ask, what is kept, and what is dropped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, update

from app.connect.db.encryption import SecretCipher
from app.connect.outbound.impersonation.token_store import (
    LEASE,
    UserTokenRecord,
    UserTokens,
    record,
)
from app.connect.tenants.models import utc_now
from app.extensions import db
from tests import signing
from tests.connect.tenants.stored_tenants import Install

FINGERPRINT = "f" * 64
TOKEN = "canary.token"
LATER = timedelta(minutes=15)

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def tokens(app: Flask, app_context: None) -> UserTokens:
    found: UserTokens = app.extensions["connect"].tenants.user_tokens
    return found


def keep(tokens: UserTokens, left: timedelta = LATER, value: str = TOKEN) -> str:
    lease = tokens.claim(signing.CLIENT_KEY, FINGERPRINT)
    assert lease is not None
    return tokens.keep(FINGERPRINT, lease, value, utc_now() + left).stored


def rows() -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(select(record)))


def end_lease() -> None:
    ended = update(record).values(lease_until=utc_now() - timedelta(seconds=1))
    with db.engine.begin() as connection:
        connection.execute(ended)


def test_a_kept_token_is_found_until_it_expires(tokens: UserTokens) -> None:
    assert tokens.find(FINGERPRINT) is None
    keep(tokens)
    found = tokens.find(FINGERPRINT)
    assert found is not None and found.value == TOKEN
    assert tokens.find("0" * 64) is None
    with db.engine.begin() as connection:
        connection.execute(update(record).values(expires_at=utc_now()))
    assert tokens.find(FINGERPRINT) is None


def test_a_token_is_encrypted_and_shown_nowhere(tokens: UserTokens) -> None:
    stored = keep(tokens)
    [row] = rows()
    assert row.access_token == stored and TOKEN not in str(row)
    assert TOKEN not in repr(tokens.find(FINGERPRINT))
    with db.session.begin():
        [entity] = db.session.scalars(select(UserTokenRecord))
        assert repr(entity) == f"<UserTokenRecord {row.id}>"


def test_one_worker_asks_at_a_time(tokens: UserTokens) -> None:
    first = tokens.claim(signing.CLIENT_KEY, FINGERPRINT)
    assert first is not None
    assert tokens.claim(signing.CLIENT_KEY, FINGERPRINT) is None
    tokens.release(FINGERPRINT, "another lease")
    assert tokens.claim(signing.CLIENT_KEY, FINGERPRINT) is None
    tokens.release(FINGERPRINT, first)
    assert tokens.claim(signing.CLIENT_KEY, FINGERPRINT) is not None


def test_a_worker_that_was_killed_is_waited_for_until_its_lease_ends(
    tokens: UserTokens,
) -> None:
    lost = tokens.claim(signing.CLIENT_KEY, FINGERPRINT)
    [row] = rows()
    assert utc_now() < row.lease_until <= utc_now() + LEASE
    end_lease()
    ours = tokens.claim(signing.CLIENT_KEY, FINGERPRINT)
    assert lost is not None and ours is not None
    tokens.keep(FINGERPRINT, lost, "too late", utc_now() + LATER)
    assert tokens.find(FINGERPRINT) is None


def test_nobody_asks_while_there_is_a_token(tokens: UserTokens) -> None:
    keep(tokens)
    assert tokens.claim(signing.CLIENT_KEY, FINGERPRINT) is None


def test_only_the_refused_token_is_dropped(tokens: UserTokens) -> None:
    old = keep(tokens, timedelta())
    keep(tokens, value="newer")
    tokens.drop(FINGERPRINT, old)
    found = tokens.find(FINGERPRINT)
    assert found is not None and found.value == "newer"
    tokens.drop(FINGERPRINT, found.stored)
    assert tokens.find(FINGERPRINT) is None


def test_a_token_whose_key_is_gone_is_asked_for_anew(tokens: UserTokens) -> None:
    keep(tokens)
    others = UserTokens(db, SecretCipher([Fernet.generate_key().decode()]))
    assert others.find(FINGERPRINT) is None
    assert rows() == []


def test_expired_tokens_are_deleted_but_none_that_is_asked_for(
    tokens: UserTokens,
) -> None:
    keep(tokens)
    assert tokens.drop_expired() == 0
    lease = tokens.claim(signing.CLIENT_KEY, "0" * 64)
    assert lease is not None
    assert tokens.drop_expired() == 0
    tokens.release("0" * 64, lease)
    assert tokens.drop_expired() == 1
    assert tokens.drop_all() == 1
    assert tokens.drop_all() == 0


End = Callable[[Any, Install], object]


@pytest.mark.parametrize(
    ("end", "left"),
    [
        pytest.param(lambda store, install: install(3.0), True, id="upgrade"),
        pytest.param(
            lambda store, install: install(3.0, shared_secret=signing.OTHER_SECRET),
            False,
            id="new secret",
        ),
        pytest.param(
            lambda store, install: store.uninstall(signing.CLIENT_KEY, issued_at=3.0),
            False,
            id="uninstall",
        ),
        pytest.param(
            lambda store, install: store.uninstall("another", issued_at=3.0),
            True,
            id="uninstall elsewhere",
        ),
        pytest.param(
            lambda store, install: store.uninstall(signing.CLIENT_KEY, issued_at=0.5),
            True,
            id="outdated uninstall",
        ),
        pytest.param(
            lambda store, install: store.set_enabled(
                signing.CLIENT_KEY, enabled=False, issued_at=3.0
            ),
            True,
            id="disable",
        ),
    ],
)
def test_the_tokens_go_with_the_secret(
    tokens: UserTokens, store: Any, install: Install, end: End, left: bool
) -> None:
    install(1.0)
    keep(tokens)
    lease = tokens.claim(signing.CLIENT_KEY, "0" * 64)
    assert lease is not None
    end(store, install)
    assert (tokens.find(FINGERPRINT) is not None) is left
    # What is asked for meanwhile comes too late.
    tokens.keep("0" * 64, lease, TOKEN, utc_now() + LATER)
    assert (tokens.find("0" * 64) is not None) is left


def test_a_purged_tenant_leaves_no_token(
    tokens: UserTokens, store: Any, install: Install
) -> None:
    install(1.0)
    store.uninstall(signing.CLIENT_KEY, issued_at=2.0)
    keep(tokens)
    assert store.purge(retention_days=0) == [signing.CLIENT_KEY]
    assert rows() == []
