"""What a worker remembers: for some seconds, and not of everybody."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.connect.tenants import credentials as credentials_module
from app.connect.tenants.credentials import Credentials, CredentialsCache
from app.connect.tenants.models import Tenant, utc_now


def credentials(client_key: str = "k", **changes: Any) -> Credentials:
    now = utc_now()
    tenant = Tenant(
        id=1,
        client_key=client_key,
        base_url="https://a.atlassian.net",
        display_url="https://a.atlassian.net",
        product_type="jira",
        oauth_client_id=None,
        installation_id=None,
        cloud_id=None,
        entitlement_id=None,
        entitlement_number=None,
        enabled=True,
        installed_at=now,
        updated_at=now,
        uninstalled_at=None,
    )
    usual = {
        "tenant": tenant,
        "shared_secret": "current",
        "secret_is_unused": False,
        "previous_secret": None,
        "previous_secret_until": None,
    }
    return Credentials(**{**usual, **changes})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(
        credentials_module, "time", SimpleNamespace(monotonic=lambda: clock.now)
    )
    return clock


@pytest.mark.parametrize(
    ("previous", "left", "accepted"),
    [
        pytest.param("old", timedelta(minutes=1), ("current", "old"), id="in-grace"),
        pytest.param("old", timedelta(seconds=-1), ("current",), id="after-it"),
        pytest.param("old", timedelta(0), ("current",), id="at-its-end"),
        pytest.param("old", None, ("current",), id="without-an-end"),
        pytest.param(None, timedelta(minutes=1), ("current",), id="no-previous"),
        pytest.param(None, None, ("current",), id="neither"),
    ],
)
def test_accepts_the_previous_secret_within_its_grace(
    previous: str | None, left: timedelta | None, accepted: tuple[str, ...]
) -> None:
    until = None if left is None else utc_now() + left
    found = credentials(previous_secret=previous, previous_secret_until=until)
    assert found.accepted_secrets() == accepted
    assert "current" not in repr(found)
    assert "'old'" not in repr(found)


def test_remembers_for_its_seconds(clock: SimpleNamespace) -> None:
    remembered = CredentialsCache(30)
    assert remembered.get("k") is None
    one = credentials()
    remembered.put(one)
    clock.now += 29.9
    assert remembered.get("k") is one
    clock.now += 0.1
    assert remembered.get("k") is None


def test_remembers_nothing_for_no_seconds(clock: SimpleNamespace) -> None:
    remembered = CredentialsCache(0)
    remembered.put(credentials())
    assert remembered.get("k") is None


def test_the_newest_is_remembered_and_forgotten(clock: SimpleNamespace) -> None:
    remembered = CredentialsCache(30)
    remembered.put(credentials())
    newer = credentials(shared_secret="newer")
    clock.now += 20
    remembered.put(newer)
    clock.now += 20
    assert remembered.get("k") is newer
    remembered.forget("k")
    remembered.forget("k")
    assert remembered.get("k") is None


def test_forgets_whom_it_remembered_first(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "CACHE_SIZE", 2)
    remembered = CredentialsCache(30)
    for client_key in ("a", "b", "a", "c"):
        remembered.put(credentials(client_key))
    assert remembered.get("b") is None
    assert remembered.get("a") is not None
    assert remembered.get("c") is not None
