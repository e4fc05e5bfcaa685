"""The code of docs/licensing.md runs, on the local Confluence and its licenses."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signed_client import SignedClient
from flask import Flask

from app.config import ROOT, SETTINGS
from app.extensions import db

DOCUMENT = (ROOT / "docs" / "licensing.md").read_text()
[BLOCK] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
PAGE = {"Accept": "text/html"}


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of an app whose cached licenses are never stale."""
    return {**config, **connect_settings, "CONNECT_LICENSE_CACHE_SECONDS": "0"}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with the pages of the document."""
    names: dict[str, Any] = {"__name__": "licences"}
    exec(BLOCK, names)  # noqa: S102 - the document's own code
    app.register_blueprint(names["bp"])
    return app


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        ("free", 200, " Report"),
        ("active", 200, " Report"),
        ("evaluation", 200, "You are trying this app. Report"),
        ("expired", 402, "This app has no license"),
    ],
)
def test_each_license_has_its_page(
    installed_app: InstalledApp,
    signed_client: SignedClient,
    state: str,
    status: int,
    text: str,
) -> None:
    installed_app.switch_license(state)
    answer = signed_client.get("/report", headers=PAGE)
    assert answer.status_code == status
    assert text in answer.text


def test_a_view_of_its_own_names_the_license(
    installed_app: InstalledApp, signed_client: SignedClient
) -> None:
    installed_app.switch_license("free")
    assert signed_client.get("/plan").text == "free "


def test_a_renewed_license_counts_at_once(
    installed_app: InstalledApp, signed_client: SignedClient
) -> None:
    installed_app.switch_license("expired")
    assert signed_client.get("/report").status_code == 402
    installed_app.switch_license("active")
    assert signed_client.get("/report").status_code == 200


def test_the_last_answer_holds_while_the_host_is_away(
    confluence: RecordingConfluence,
    installed_app: InstalledApp,
    signed_client: SignedClient,
    revoke: Callable[[], None],
) -> None:
    installed_app.switch_license("active")
    assert signed_client.get("/report").status_code == 200
    with confluence.faults.server_error(status=500):
        for _ in range(3):
            assert signed_client.get("/report").status_code == 200
        revoke()
        assert signed_client.get("/report").status_code == 502


@pytest.fixture
def revoke(app: Flask) -> Callable[[], None]:
    """Drop the host's cached answer."""

    def forget() -> None:
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM tenant_license")

    return forget


def test_every_setting_is_the_real_one() -> None:
    for name in re.findall(r"`(CONNECT_[A-Z_]+)`", DOCUMENT):
        assert name in SETTINGS
