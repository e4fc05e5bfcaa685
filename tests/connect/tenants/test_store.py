"""The tenant store: find, install, purge and re-encrypt."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, select, text

from app.connect import find_tenant
from app.connect.db import transactions
from app.connect.db.columns import utc_now
from app.connect.db.encryption import SecretCipher
from app.connect.errors import ConfigurationError
from app.connect.tenants.models import InstallKind, Tenant, TenantEvent
from app.connect.tenants.rows import select_history, to_tenant
from app.connect.tenants.state import get_state
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests.conftest import ENCRYPTION_KEY
from tests.connect.tenants.stored_tenants import (
    Install,
    change,
    installation,
    record_of,
    store_with,
)
from tests.signing import CLIENT_KEY, OTHER_SECRET, SECRET, SITE

OTHER_KEY = Fernet.generate_key().decode()
TO_TENANT = "app.connect.tenants.store.to_tenant"


NEWEST_SECRET = "ATCO" + "n" * 60


def events() -> list[tuple[str, str]]:
    query = select(TenantEvent.client_key, TenantEvent.event).order_by(TenantEvent.id)
    with db.engine.connect() as connection:
        return [(row.client_key, row.event) for row in connection.execute(query)]


def test_an_unknown_tenant_is_not_found(store: TenantStore) -> None:
    assert store.find("unknown") is None
    assert store.load_credentials("unknown") is None
    assert store.cached_credentials("unknown") is None
    assert find_tenant("unknown") is None


def test_a_tenant_that_another_worker_purged_is_forgotten(
    store: TenantStore, install: Install
) -> None:
    install()
    assert store.load_credentials(CLIENT_KEY) is not None
    change("DELETE FROM tenant")
    assert store.cached_credentials(CLIENT_KEY) is not None
    assert store.load_credentials(CLIENT_KEY) is None
    assert store.cached_credentials(CLIENT_KEY) is None


def test_a_task_that_was_dropped_is_in_the_audit_trail(
    store: TenantStore, install: Install
) -> None:
    install()
    store.note_dropped(CLIENT_KEY, task="app.report", state="disabled")
    with db.engine.connect() as connection:
        [*_, told] = select_history(connection, CLIENT_KEY)
    assert told.event == "task dropped"
    assert told.details == {"task": "app.report", "state": "disabled"}


@pytest.mark.parametrize("stored", ["http://127.0.0.1:6379", "https://10.0.0.1", "x"])
def test_a_display_url_that_an_older_release_stored_is_used_only_if_public(
    store: TenantStore, install: Install, stored: str
) -> None:
    install(display_url="https://wiki.example.com")
    [tenant] = store.iterate()
    assert tenant.display_url == "https://wiki.example.com"
    change("UPDATE tenant SET display_url = :url", url=stored)
    [tenant] = store.iterate()
    assert tenant.display_url == tenant.base_url == SITE


@pytest.mark.parametrize("key", [f"{CLIENT_KEY} ", CLIENT_KEY[:-1], "%", "' OR 1=1--"])
def test_a_tenant_is_found_by_its_exact_key(
    store: TenantStore, install: Install, key: str
) -> None:
    install()
    assert store.find(CLIENT_KEY) is not None
    assert store.find(key) is None
    assert store.load_credentials(key) is None


def test_tenants_are_listed_in_the_order_they_came(
    store: TenantStore, install: Install
) -> None:
    assert store.count() == 0
    for client_key in ("c", "a", "b", "d"):
        install(client_key=client_key)
    store.uninstall("a", issued_at=2)
    store.set_enabled("b", enabled=False, issued_at=2)

    def keys(state: str | None = None) -> list[str]:
        return [tenant.client_key for tenant in store.iterate(state)]

    assert keys() == ["c", "a", "b", "d"]
    assert keys("enabled") == ["c", "d"]
    assert keys("disabled") == ["b"]
    assert keys("uninstalled") == ["a"]
    assert store.count() == 4


def test_a_tenant_shows_no_secret(store: TenantStore, install: Install) -> None:
    install()
    install(2, shared_secret=OTHER_SECRET)
    credentials = store.load_credentials(CLIENT_KEY)
    for shown in (store.find(CLIENT_KEY), credentials, record_of(), installation()):
        assert SECRET not in repr(shown)
        assert OTHER_SECRET not in repr(shown)
        assert CLIENT_KEY in repr(shown)
        assert record_of().shared_secret not in repr(shown)


def test_times_are_in_utc(store: TenantStore, install: Install) -> None:
    before = utc_now()
    install()
    tenant = store.find(CLIENT_KEY)
    assert tenant is not None
    assert tenant.installed_at.utcoffset() == timedelta(0)
    assert before <= tenant.installed_at <= utc_now()
    assert tenant.uninstalled_at is None


def test_an_install_says_what_it_meant(install: Install) -> None:
    def kind(issued_at: float = 1, **changes: Any) -> InstallKind:
        stored = install(issued_at, **changes)
        assert stored is not None
        return stored[1]

    moved = "https://moved.atlassian.net/wiki"
    assert kind() is InstallKind.FIRST
    assert kind() is InstallKind.UPGRADE
    assert kind(shared_secret=OTHER_SECRET) is InstallKind.SECRET_ROTATION
    assert kind(shared_secret=OTHER_SECRET) is InstallKind.UPGRADE
    assert kind(shared_secret=SECRET, base_url=moved) is InstallKind.BASE_URL_CHANGE
    get_state().tenants.uninstall(CLIENT_KEY, issued_at=1)
    assert kind(base_url=moved) is InstallKind.RETURN


def test_an_older_install_changes_nothing(store: TenantStore, install: Install) -> None:
    install(5.0)
    before = store.find(CLIENT_KEY)
    assert install(4.9, shared_secret=OTHER_SECRET, cloud_id="other") is None
    assert store.find(CLIENT_KEY) == before
    with db.engine.connect() as connection:
        [*_, told] = select_history(connection, CLIENT_KEY)
    assert (told.event, told.details) == ("installed", {"outcome": "outdated"})
    assert install(5.0, cloud_id="other") is not None
    assert record_of().token_issued_at == 5.0


def test_each_event_is_in_the_audit_trail(store: TenantStore, install: Install) -> None:
    install(1.0)
    store.set_enabled(CLIENT_KEY, enabled=False, issued_at=1.0)
    store.set_enabled(CLIENT_KEY, enabled=True, issued_at=1.0)
    store.uninstall(CLIENT_KEY, issued_at=0.9)
    store.uninstall(CLIENT_KEY, issued_at=1.0)
    with db.engine.connect() as connection:
        told = select_history(connection, CLIENT_KEY)
    assert [(past.event, past.details) for past in told] == [
        ("installed", {"kind": "first install", "base_url": SITE}),
        ("disabled", {}),
        ("enabled", {}),
        ("uninstalled", {"outcome": "outdated"}),
        ("uninstalled", {}),
    ]


def test_only_an_install_after_an_uninstall_begins_anew(
    store: TenantStore, install: Install
) -> None:
    install()
    first = store.find(CLIENT_KEY)
    store.set_enabled(CLIENT_KEY, enabled=False, issued_at=1)
    install()
    upgraded = store.find(CLIENT_KEY)
    assert first is not None and upgraded is not None
    assert (upgraded.state, upgraded.installed_at) == ("disabled", first.installed_at)
    store.uninstall(CLIENT_KEY, issued_at=1)
    change("UPDATE tenant SET uninstalled_at = '2020-01-01 00:00:00+00:00'")
    store.uninstall(CLIENT_KEY, issued_at=1)
    gone = store.find(CLIENT_KEY)
    assert gone is not None and gone.uninstalled_at is not None
    assert gone.uninstalled_at.year == 2020
    install()
    returned = store.find(CLIENT_KEY)
    assert returned is not None
    assert returned.state == "enabled"
    assert returned.installed_at > first.installed_at


def test_an_older_install_takes_no_ids_from_another_tenant(
    store: TenantStore, install: Install
) -> None:
    install(5.0)
    install(client_key="other", cloud_id="c", installation_id="i")
    assert install(4.0, cloud_id="c", installation_id="i") is None
    other = store.find("other")
    assert other is not None
    assert (other.cloud_id, other.installation_id) == ("c", "i")


def test_the_previous_secret_is_kept_for_the_grace(
    store: TenantStore, install: Install
) -> None:
    install()
    assert record_of().previous_secret is None
    install(shared_secret=OTHER_SECRET)
    until = record_of().previous_secret_until
    assert until is not None
    assert timedelta(minutes=59) < until - utc_now() <= timedelta(hours=1)
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (OTHER_SECRET, SECRET)
    store.note_secret_used(credentials)
    assert store.cached_credentials(CLIENT_KEY) is None
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (OTHER_SECRET,)
    assert not credentials.secret_is_unused


def test_a_secret_noted_late_does_not_retire_a_newer_one(
    store: TenantStore, install: Install
) -> None:
    install()
    install(shared_secret=OTHER_SECRET)
    late = store.load_credentials(CLIENT_KEY)
    assert late is not None
    install(shared_secret=NEWEST_SECRET)
    store.note_secret_used(late)
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (NEWEST_SECRET, SECRET)
    assert credentials.secret_is_unused


def test_a_secret_noted_after_the_purge_is_no_error(
    store: TenantStore, install: Install
) -> None:
    install()
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    change("DELETE FROM tenant")
    store.note_secret_used(credentials)
    assert store.count() == 0


def test_the_grace_of_the_last_used_secret_is_not_prolonged(
    store: TenantStore, install: Install
) -> None:
    install()
    install(shared_secret=OTHER_SECRET)
    until = record_of().previous_secret_until
    install(shared_secret=NEWEST_SECRET)
    assert record_of().previous_secret_until == until
    change(
        "UPDATE tenant SET previous_secret_until = :past",
        past=str(utc_now() - timedelta(seconds=1)),
    )
    install(shared_secret=SECRET)
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (SECRET, NEWEST_SECRET)


def test_an_install_repairs_a_secret_that_no_key_decrypts(
    store: TenantStore, install: Install
) -> None:
    install()
    other = store_with(OTHER_KEY)
    with pytest.raises(ConfigurationError):
        other.load_credentials(CLIENT_KEY)
    stored = other.install(installation(), issued_at=2)
    assert stored is not None
    assert stored[1] is InstallKind.SECRET_ROTATION
    credentials = other.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (SECRET,)


def test_a_previous_secret_that_no_key_decrypts_is_left_out(
    store: TenantStore, install: Install
) -> None:
    install()
    install(shared_secret=OTHER_SECRET)
    stranger = SecretCipher([OTHER_KEY]).encrypt(SECRET)
    change("UPDATE tenant SET previous_secret = :stranger", stranger=stranger)
    credentials = store.load_credentials(CLIENT_KEY)
    assert credentials is not None
    assert credentials.accepted_secrets() == (OTHER_SECRET,)


def test_other_events_of_an_unknown_tenant_are_ignored(store: TenantStore) -> None:
    assert store.uninstall("unknown", issued_at=1) is None
    assert store.set_enabled("unknown", enabled=True, issued_at=1) is None
    assert events() == []


def test_the_secret_of_a_tenant_is_cached(store: TenantStore, install: Install) -> None:
    stored = install()
    assert stored is not None
    tenant, _ = stored
    assert store.shared_secret_of(tenant) == SECRET
    change("DELETE FROM tenant")
    assert store.shared_secret_of(tenant) == SECRET
    with pytest.raises(LookupError, match=CLIENT_KEY):
        store_with().shared_secret_of(tenant)


CHANGES: dict[str, Callable[[TenantStore], Any]] = {
    "uninstall": lambda store: store.uninstall(CLIENT_KEY, issued_at=2.0),
    "disable": lambda store: store.set_enabled(
        CLIENT_KEY, enabled=False, issued_at=2.0
    ),
    "rotation": lambda store: store.install(
        installation(shared_secret=OTHER_SECRET), issued_at=2.0
    ),
}


@pytest.mark.parametrize("change_it", CHANGES.values(), ids=CHANGES)
def test_credentials_that_were_read_before_an_event_are_not_cached(
    store: TenantStore,
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    change_it: Callable[[TenantStore], Any],
) -> None:
    install(1.0)
    read = to_tenant

    def change_it_meanwhile(row: Any) -> Tenant:
        # The old row is read, then the event is stored, then the row is put.
        monkeypatch.undo()
        change_it(store)
        return read(row)

    monkeypatch.setattr(TO_TENANT, change_it_meanwhile)
    assert store.load_credentials(CLIENT_KEY) is not None
    assert store.cached_credentials(CLIENT_KEY) is None


@pytest.mark.parametrize("change_it", CHANGES.values(), ids=CHANGES)
def test_credentials_that_were_put_while_an_event_is_stored_are_dropped(
    store: TenantStore,
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    change_it: Callable[[TenantStore], Any],
) -> None:
    install(1.0)
    run = transactions.in_transaction

    def load_before_and_after(engine: Any, change: Any) -> Any:
        # The old row is put before the commit, the new one before forget is called.
        monkeypatch.undo()
        assert store.load_credentials(CLIENT_KEY) is not None
        changed = run(engine, change)
        assert store.load_credentials(CLIENT_KEY) is not None
        return changed

    monkeypatch.setattr(
        "app.connect.tenants.store.in_transaction", load_before_and_after
    )
    change_it(store)
    assert store.cached_credentials(CLIENT_KEY) is None


def test_an_unknown_client_key_keeps_nobody_from_being_cached(
    store: TenantStore, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(1.0)
    read = to_tenant

    def ask_for_another_meanwhile(row: Any) -> Tenant:
        assert store.load_credentials("unknown") is None
        return read(row)

    monkeypatch.setattr(
        "app.connect.tenants.store.to_tenant", ask_for_another_meanwhile
    )
    store.load_credentials(CLIENT_KEY)
    assert store.cached_credentials(CLIENT_KEY) is not None


def test_purge_deletes_tenants_past_their_retention_time(
    store: TenantStore, install: Install
) -> None:
    for client_key in ("old", "new", "here"):
        install(client_key=client_key)
    store.uninstall("old", issued_at=2)
    store.uninstall("new", issued_at=2)
    change(
        "UPDATE tenant SET uninstalled_at = :then WHERE client_key = 'old'",
        then=str(utc_now() - timedelta(days=61)),
    )
    assert store.purge(retention_days=60, dry_run=True) == ["old"]
    assert store.count() == 3
    assert store.purge(retention_days=62) == []
    assert store.purge(retention_days=60) == ["old"]
    assert [t.client_key for t in store.iterate()] == ["new", "here"]
    assert events()[-1] == ("old", "purged")
    assert store.purge(retention_days=0) == ["new"]
    assert [t.client_key for t in store.iterate()] == ["here"]
    assert store.purge(retention_days=0) == []


def test_the_retention_time_ends_to_the_microsecond(
    store: TenantStore, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utc_now()
    monkeypatch.setattr("app.connect.tenants.store.utc_now", lambda: now)
    install()
    store.uninstall(CLIENT_KEY, issued_at=2)
    then = now + timedelta(days=60, microseconds=-1)
    monkeypatch.setattr("app.connect.tenants.store.utc_now", lambda: then)
    assert store.purge(retention_days=60, dry_run=True) == []
    assert store.purge(retention_days=60) == []
    then = now + timedelta(days=60)
    assert store.purge(retention_days=60, dry_run=True) == [CLIENT_KEY]
    assert store.purge(retention_days=60) == [CLIENT_KEY]


def test_a_purge_leaves_only_the_client_key_in_the_audit_trail(
    store: TenantStore, install: Install
) -> None:
    for client_key in ("old", "here"):
        install(client_key=client_key)
    store.uninstall("old", issued_at=2)
    store.purge(retention_days=0)
    query = select(TenantEvent).order_by(TenantEvent.id)
    trail = [
        (one.client_key, one.event, one.details) for one in db.session.scalars(query)
    ]
    [here] = [details for client_key, _, details in trail if client_key == "here"]
    assert trail == [
        ("old", "installed", {}),
        ("here", "installed", here),
        ("old", "uninstalled", {}),
        ("old", "purged", {}),
    ]
    assert here["base_url"] == SITE


def test_every_secret_is_reencrypted(store: TenantStore, install: Install) -> None:
    install()
    install(shared_secret=OTHER_SECRET)
    install(client_key="other")
    both = store_with(OTHER_KEY, ENCRYPTION_KEY)
    assert list(both.reencrypt()) == [2]
    only = store_with(OTHER_KEY)
    first, second = only.load_credentials(CLIENT_KEY), only.load_credentials("other")
    assert first is not None and second is not None
    assert first.accepted_secrets() == (OTHER_SECRET, SECRET)
    assert second.accepted_secrets() == (SECRET,)
    with pytest.raises(ConfigurationError):
        store.load_credentials(CLIENT_KEY)
    with pytest.raises(ConfigurationError, match="CONNECT_ENCRYPTION_KEYS"):
        list(store.reencrypt())
    assert only.load_credentials(CLIENT_KEY) == first


def test_secrets_are_encrypted_in_batches(
    store: TenantStore, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connect.tenants.store._BATCH", 2)
    for number in range(5):
        install(client_key=f"t{number}")
    assert list(store.reencrypt()) == [2, 2, 1]
    assert list(store_with(ENCRYPTION_KEY).reencrypt()) == [2, 2, 1]


def test_dependent_rows_are_deleted_with_their_tenant(
    store: TenantStore, install: Install
) -> None:
    ended: list[str] = []
    store.add_dependent(lambda connection, key: ended.append(key))
    install(1.0)
    install(2.0)
    store.set_enabled(CLIENT_KEY, enabled=False, issued_at=3.0)
    store.uninstall(CLIENT_KEY, issued_at=1.0)
    store.uninstall("unknown", issued_at=3.0)
    install(4.0, shared_secret=OTHER_SECRET)
    assert ended == []
    store.uninstall(CLIENT_KEY, issued_at=5.0)
    assert ended == [CLIENT_KEY]
    assert store.purge(retention_days=0, dry_run=True) == [CLIENT_KEY]
    assert ended == [CLIENT_KEY]
    store.purge(retention_days=0)
    assert ended == [CLIENT_KEY] * 2


def test_a_tenant_and_its_dependents_are_deleted_in_one_transaction(
    store: TenantStore, install: Install
) -> None:
    def fail(connection: Connection, client_key: str) -> None:
        connection.execute(text("DELETE FROM tenant"))
        raise ZeroDivisionError

    install(1.0)
    store.add_dependent(fail)
    with pytest.raises(ZeroDivisionError):
        store.uninstall(CLIENT_KEY, issued_at=2.0)
    found = store.find(CLIENT_KEY)
    assert found is not None
    assert found.installed
