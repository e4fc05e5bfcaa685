"""When a tenant was last seen: one write a day, and one try an hour."""

from datetime import datetime, timedelta

import pytest

from app.connect.db.columns import utc_now
from app.connect.tenants import last_seen
from app.connect.tenants.last_seen import LastSeen, is_due
from app.connect.tenants.store import TenantStore
from app.extensions import db
from tests.connect.tenants.stored_tenants import Install, change
from tests.signing import CLIENT_KEY

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def seen(store: TenantStore, client_key: str = CLIENT_KEY) -> datetime | None:
    tenant = store.find(client_key)
    assert tenant is not None
    return tenant.last_seen_at


def test_a_time_is_due_again_after_more_than_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = utc_now()
    monkeypatch.setattr(last_seen, "utc_now", lambda: now)
    assert is_due(None)
    assert is_due(now - DAY - MOMENT)
    assert not is_due(now - DAY)


def test_a_tenant_is_noted_once_a_day(store: TenantStore, install: Install) -> None:
    install()
    install(client_key="other")
    before = seen(store), seen(store, "other")
    LastSeen(db).note(CLIENT_KEY)
    assert (seen(store), seen(store, "other")) == before
    change("UPDATE tenant SET last_seen_at = NULL")
    notes = LastSeen(db)
    notes.note(CLIENT_KEY)
    assert seen(store) is not None
    assert seen(store, "other") is None
    # This worker has just tried.
    change("UPDATE tenant SET last_seen_at = NULL")
    notes.note(CLIENT_KEY)
    assert seen(store) is None
