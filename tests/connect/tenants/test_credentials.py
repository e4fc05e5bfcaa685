"""The secrets that are accepted for a tenant's tokens."""

from datetime import timedelta
from typing import Any

import pytest

from app.connect.db.columns import utc_now
from app.connect.tenants.credentials import Credentials
from tests.connect.tenants.stored_tenants import made_tenant


def credentials(client_key: str = "k", **changes: Any) -> Credentials:
    usual = {
        "tenant": made_tenant(client_key=client_key),
        "shared_secret": "current",
        "secret_is_unused": False,
        "previous_secret": None,
        "previous_secret_until": None,
    }
    return Credentials(**{**usual, **changes})


@pytest.mark.parametrize(
    ("previous", "left", "accepted"),
    [
        pytest.param("old", timedelta(minutes=1), ("current", "old"), id="in-grace"),
        pytest.param("old", timedelta(microseconds=1), ("current", "old"), id="still"),
        pytest.param("old", timedelta(seconds=-1), ("current",), id="after-it"),
        pytest.param("old", timedelta(0), ("current",), id="at-its-end"),
        pytest.param("old", None, ("current",), id="without-an-end"),
        pytest.param(None, timedelta(minutes=1), ("current",), id="no-previous"),
        pytest.param(None, None, ("current",), id="neither"),
    ],
)
def test_the_previous_secret_is_accepted_within_its_grace(
    previous: str | None,
    left: timedelta | None,
    accepted: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = utc_now()
    monkeypatch.setattr("app.connect.tenants.credentials.utc_now", lambda: now)
    until = None if left is None else now + left
    found = credentials(previous_secret=previous, previous_secret_until=until)
    assert found.accepted_secrets() == accepted
    assert "current" not in repr(found)
    assert "'old'" not in repr(found)
