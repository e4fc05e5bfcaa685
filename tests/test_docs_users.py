"""The code of docs/users-and-permissions.md runs, against the local Confluence."""

import re
from typing import Any

import pytest

from app import connect
from app.config import ROOT
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp

DOCUMENT = (ROOT / "docs" / "users-and-permissions.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
USER = "557058:devhost-ordinary-user"
TOKEN = "/oauth2/token"


@pytest.fixture
def config(
    config: dict[str, Any],
    connect_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """The settings of an app that may act as a user, on the local Confluence."""
    load = connect.descriptor_file.load_descriptor

    def with_scope(*args: Any) -> dict[str, Any]:
        descriptor = load(*args)
        descriptor["scopes"] = [*descriptor["scopes"], "ACT_AS_USER"]
        return descriptor

    monkeypatch.setattr(connect.descriptor_file, "load_descriptor", with_scope)
    return {**config, **connect_settings}


def run(block: str, **names: Any) -> dict[str, Any]:
    exec(block, names)  # noqa: S102 - the document's own code
    return names


def test_the_app_acts_as_a_user(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with installed_app.app.app_context():
        names = run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
        assert names["me"] == USER
        assert names["spaces"]
        confluence.received("POST", TOKEN, status=200, times=2)

        again = names["service"].as_user(USER)
        assert again.get_json("/rest/api/user/current")["accountId"] == USER
        confluence.received("POST", TOKEN, times=2)


def test_a_token_ends_with_its_installation(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with installed_app.app.app_context():
        run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
        installed_app.uninstall()
        installed_app.install()
        run(BLOCKS[0], client_key=installed_app.client_key, account_id=USER)
    confluence.received("POST", TOKEN, status=200, times=4)


def test_a_user_who_is_not_there_is_refused(
    confluence: RecordingConfluence, installed_app: InstalledApp
) -> None:
    with (
        installed_app.app.app_context(),
        pytest.raises(connect.errors.HostResponseError, match="invalid_grant: sub"),
    ):
        run(BLOCKS[0], client_key=installed_app.client_key, account_id="557058:gone")
