"""The table of accounts with personal data: tenants, due dates and claims."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.connect.db.columns import utc_now
from app.connect.errors import UnknownTenantError
from app.connect.personal_data.store import (
    CLAIM,
    Account,
    PersonalDataRecord,
    PersonalDataStore,
)
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests import signing
from tests.connect.tenants.stored_tenants import Install

HERE = signing.CLIENT_KEY
ELSEWHERE = "other-client-key"
ACCOUNT = signing.ACCOUNT_ID

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def store(app: Flask, app_context: None) -> TenantStore:
    """The app's own store; accounts are deleted with their tenants."""
    found: TenantStore = app.extensions["connect"].tenants
    return found


@pytest.fixture
def accounts(app: Flask, install: Install) -> PersonalDataStore:
    install(1.0)
    install(1.0, client_key=ELSEWHERE, base_url="https://other.atlassian.net/wiki")
    found: PersonalDataStore = app.extensions["connect.personal_data"]
    return found


def kept(accounts: PersonalDataStore, client_key: str | None = None) -> list[Account]:
    return list(accounts.iterate(client_key))


def test_an_account_is_remembered_once_for_each_tenant(
    accounts: PersonalDataStore,
) -> None:
    before = utc_now()
    for client_key in (HERE, HERE, ELSEWHERE):
        accounts.remember(client_key, ACCOUNT)
    found = kept(accounts)
    assert [(each.client_key, each.account_id) for each in found] == [
        (HERE, ACCOUNT),
        (ELSEWHERE, ACCOUNT),
    ]
    assert all(before <= each.updated_at <= utc_now() for each in found)
    assert len(kept(accounts, HERE)) == 1
    with db.session.begin():
        assert ACCOUNT not in repr(db.session.scalars(select(PersonalDataRecord)).all())


def test_the_oldest_data_counts_until_all_is_refreshed(
    accounts: PersonalDataStore,
) -> None:
    accounts.remember(HERE, ACCOUNT)
    [first] = kept(accounts)
    accounts.remember(HERE, ACCOUNT)
    assert kept(accounts) == [first]
    accounts.remember(HERE, ACCOUNT, refreshed=True)
    [newer] = kept(accounts)
    assert newer.updated_at > first.updated_at
    assert newer.due_at == first.due_at


def test_a_forgotten_account_is_gone(accounts: PersonalDataStore) -> None:
    accounts.remember(HERE, ACCOUNT)
    accounts.remember(HERE, "another")
    accounts.remember(ELSEWHERE, ACCOUNT)
    accounts.forget(HERE, ACCOUNT)
    found = [(each.client_key, each.account_id) for each in kept(accounts)]
    assert found == [(HERE, "another"), (ELSEWHERE, ACCOUNT)]


@pytest.mark.parametrize(
    "account_id", ["", "unknown", "urn:x", "a b", "é", "x" * 129, "a\n"]
)
def test_a_malformed_account_id_is_refused(
    accounts: PersonalDataStore, account_id: str
) -> None:
    with pytest.raises(ValueError, match="not an account id"):
        accounts.remember(HERE, account_id)
    assert kept(accounts) == []


End = Callable[[Any, Install], object]


@pytest.mark.parametrize(
    ("end", "left"),
    [
        pytest.param(
            lambda store, install: store.uninstall(HERE, issued_at=3.0),
            [ELSEWHERE],
            id="uninstall",
        ),
        pytest.param(
            lambda store, install: store.set_enabled(
                HERE, enabled=False, issued_at=3.0
            ),
            [HERE, ELSEWHERE],
            id="disable",
        ),
        pytest.param(
            lambda store, install: install(3.0, shared_secret=signing.OTHER_SECRET),
            [HERE, ELSEWHERE],
            id="new secret",
        ),
    ],
)
def test_the_accounts_go_with_the_installation(
    accounts: PersonalDataStore,
    store: Any,
    install: Install,
    end: End,
    left: list[str],
) -> None:
    for client_key in (HERE, ELSEWHERE):
        accounts.remember(client_key, ACCOUNT)
    end(store, install)
    assert [each.client_key for each in kept(accounts)] == left


def test_nothing_is_remembered_of_a_tenant_that_is_gone(
    accounts: PersonalDataStore, store: Any
) -> None:
    store.uninstall(HERE, issued_at=3.0)
    for client_key in (HERE, "nobody"):
        with pytest.raises(UnknownTenantError):
            accounts.remember(client_key, ACCOUNT)
    assert store.purge(retention_days=0) == [HERE]
    assert kept(accounts) == []


def test_due_accounts_are_claimed_in_batches(accounts: PersonalDataStore) -> None:
    for number in range(5):
        accounts.remember(HERE, f"account-{number}")
    assert accounts.find_due() == [HERE]
    assert accounts.claim(ELSEWHERE, 2) == []
    batches = [accounts.claim(HERE, 2) for _ in range(4)]
    assert [len(batch) for batch in batches] == [2, 2, 1, 0]
    assert len({each.account_id for batch in batches for each in batch}) == 5
    assert accounts.find_due() == []
    assert all(each.due_at > utc_now() + CLAIM / 2 for each in kept(accounts))

    accounts.set_due(batches[0], utc_now() - timedelta(seconds=1))
    again = accounts.claim(HERE, 90)
    assert [each.account_id for each in again] == ["account-0", "account-1"]


def test_two_workers_report_no_account_twice(
    app: Flask, accounts: PersonalDataStore
) -> None:
    for number in range(40):
        accounts.remember(HERE, f"account-{number}")

    def work() -> list[str]:
        found = []
        with app.app_context():
            while batch := accounts.claim(HERE, 3):
                found += [each.account_id for each in batch]
        return found

    with ThreadPoolExecutor(4) as pool:
        parts = [future.result(60) for future in [pool.submit(work) for _ in "1234"]]
    reported = [account_id for part in parts for account_id in part]
    assert len(reported) == len(set(reported)) == 40
