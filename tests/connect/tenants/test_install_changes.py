"""The columns that an event changes, without a database."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.connect.db.columns import utc_now
from app.connect.tenants import install_changes
from app.connect.tenants.lifecycle_payload import Installation
from app.connect.tenants.models import InstallKind

NOW = utc_now()
HOUR = timedelta(hours=1)


def installation(**changes: Any) -> Installation:
    usual = {
        "client_key": "k",
        "key": "app",
        "event_type": "installed",
        "shared_secret": "new",
        "base_url": "https://a.atlassian.net",
    }
    return Installation(**{**usual, **changes})


def row(**changes: Any) -> Any:
    usual = {
        "base_url": "https://a.atlassian.net",
        "uninstalled_at": None,
        "shared_secret": "encrypted-current",
        "secret_used_at": NOW - HOUR,
        "previous_secret": None,
        "previous_secret_until": None,
    }
    return SimpleNamespace(**{**usual, **changes})


@pytest.mark.parametrize(
    ("known", "sent", "current", "kind"),
    [
        pytest.param({}, {}, "new", InstallKind.UPGRADE, id="same"),
        pytest.param({}, {}, "old", InstallKind.SECRET_ROTATION, id="secret"),
        pytest.param({}, {}, None, InstallKind.SECRET_ROTATION, id="unreadable-secret"),
        pytest.param(
            {"base_url": "https://b.atlassian.net"},
            {},
            "new",
            InstallKind.BASE_URL_CHANGE,
            id="base-url",
        ),
        pytest.param(
            {"base_url": "https://b.atlassian.net"},
            {},
            "old",
            InstallKind.BASE_URL_CHANGE,
            id="base-url-before-secret",
        ),
        pytest.param(
            {"uninstalled_at": NOW, "base_url": "https://b.atlassian.net"},
            {},
            "old",
            InstallKind.RETURN,
            id="return-before-all",
        ),
        pytest.param(
            {}, {"display_url": "https://d"}, "new", InstallKind.UPGRADE, id="display"
        ),
    ],
)
def test_the_kind_of_an_install(
    known: dict[str, Any], sent: dict[str, Any], current: str | None, kind: InstallKind
) -> None:
    assert install_changes.kind_of(row(**known), installation(**sent), current) is kind


@pytest.mark.parametrize(
    "known",
    [
        pytest.param({}, id="used"),
        pytest.param({"secret_used_at": None}, id="first-and-unused"),
        pytest.param(
            {"secret_used_at": None, "previous_secret_until": NOW - HOUR},
            id="previous-is-over",
        ),
        pytest.param(
            {"secret_used_at": None, "previous_secret_until": NOW}, id="over-just-now"
        ),
        pytest.param({"previous_secret_until": NOW + HOUR}, id="used-within-a-grace"),
    ],
)
def test_the_replaced_secret_becomes_the_previous_one(known: dict[str, Any]) -> None:
    assert install_changes.rotated(row(**known), "encrypted-new", "old", NOW, HOUR) == {
        "shared_secret": "encrypted-new",
        "secret_used_at": None,
        "previous_secret": "encrypted-current",
        "previous_secret_until": NOW + HOUR,
    }


def test_a_secret_that_was_never_used_does_not_push_out_the_one_before() -> None:
    known = row(secret_used_at=None, previous_secret_until=NOW + HOUR)
    assert install_changes.rotated(known, "encrypted-new", "old", NOW, HOUR) == {
        "shared_secret": "encrypted-new",
        "secret_used_at": None,
    }


def test_a_secret_that_no_key_decrypts_is_no_fallback() -> None:
    assert install_changes.rotated(row(), "encrypted-new", None, NOW, HOUR) == {
        "shared_secret": "encrypted-new",
        "secret_used_at": None,
        "previous_secret": None,
        "previous_secret_until": None,
    }


def test_the_first_use_retires_the_previous_secret() -> None:
    assert install_changes.confirmed(NOW) == {
        "secret_used_at": NOW,
        "previous_secret": None,
        "previous_secret_until": None,
    }


def test_a_return_undoes_the_uninstall() -> None:
    assert install_changes.returned(NOW) == {
        "enabled": True,
        "installed_at": NOW,
        "uninstalled_at": None,
    }


def test_a_first_install_is_enabled() -> None:
    values = install_changes.first("k", "encrypted", NOW)
    assert values["enabled"] is True
    assert values["shared_secret"] == "encrypted"


def test_an_event_describes_its_tenant() -> None:
    values = install_changes.described(installation(), 1.0, NOW)
    assert values["display_url"] == "https://a.atlassian.net"
    assert values["token_issued_at"] == 1.0
    assert "shared_secret" not in values
