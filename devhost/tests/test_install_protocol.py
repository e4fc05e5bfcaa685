"""The install protocol, as used by scripts and other frameworks."""

from typing import Any

import pytest
import requests

from devhost.install.upm_client import InstallerError, install_app
from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp

ADMIN = ("admin", "admin")
OLD_TYPE = "application/vnd.atl.plugins.install.uri+json"
NEW_TYPE = "application/vnd.atl.plugins.remote.install+json"


@pytest.fixture
def root(confluence: LocalConfluence) -> str:
    return f"{confluence.base_url}/rest/plugins/1.0/"


def upm_token(root: str) -> str:
    return requests.head(root, auth=ADMIN, timeout=30).headers["upm-token"]


def post(root: str, uri: Any, content_type: str = NEW_TYPE) -> requests.Response:
    return requests.post(
        root,
        params={"token": upm_token(root)},
        json=uri,
        headers={"Content-Type": content_type},
        auth=ADMIN,
        timeout=30,
    )


def finished(confluence: LocalConfluence, task: dict[str, Any]) -> requests.Response:
    address = confluence.origin + task["links"]["self"]
    while True:
        answer = requests.get(address, auth=ADMIN, timeout=30, allow_redirects=False)
        if answer.status_code == 303 or answer.json()["status"]["done"]:
            return answer


def test_development_mode_is_on(root: str) -> None:
    answer = requests.get(f"{root}settings", auth=ADMIN, timeout=30).json()
    setting = {"key": "connectDeveloperListingsEnabled", "value": True}
    assert answer == {"settings": [setting]}


@pytest.mark.parametrize("content_type", [OLD_TYPE, NEW_TYPE])
def test_an_app_is_installed_and_uninstalled(
    confluence: LocalConfluence, app: FakeApp, root: str, content_type: str
) -> None:
    accepted = post(root, {"pluginUri": app.descriptor_url}, content_type)
    assert accepted.status_code == 202
    assert accepted.json()["status"]["done"] is False
    done = finished(confluence, accepted.json())
    assert done.headers["Location"].endswith(f"/rest/plugins/1.0/{APP_KEY}-key")
    plugin = confluence.origin + done.headers["Location"]
    answer = requests.get(plugin, auth=ADMIN, timeout=30).json()
    assert (answer["key"], answer["enabled"]) == (APP_KEY, True)
    listed = requests.get(root, auth=ADMIN, timeout=30).json()["plugins"]
    assert [one["key"] for one in listed] == [APP_KEY]
    assert requests.delete(plugin, auth=ADMIN, timeout=30).status_code == 204
    assert requests.delete(plugin, auth=ADMIN, timeout=30).status_code == 404
    assert requests.get(plugin, auth=ADMIN, timeout=30).status_code == 404
    assert app.received[-1].event == "uninstalled"


def test_a_failed_installation_says_why(
    confluence: LocalConfluence, app: FakeApp, root: str
) -> None:
    app.answers["installed"] = 500
    accepted = post(root, {"pluginUri": app.descriptor_url})
    status = finished(confluence, accepted.json()).json()["status"]
    assert "HTTP response code 500" in status["errorMessage"]


def test_an_unexpected_failure_is_reported_to_the_poller(
    confluence: LocalConfluence, app: FakeApp, root: str
) -> None:
    confluence.site.__dict__["private_key"] = "not a key"
    accepted = post(root, {"pluginUri": app.descriptor_url})
    status = finished(confluence, accepted.json()).json()["status"]
    assert "Unexpected failure" in status["errorMessage"]


@pytest.mark.parametrize("credentials", [None, ("admin", "wrong"), ("user", "admin")])
def test_only_the_administrator_can_call(
    root: str, credentials: tuple[str, str] | None
) -> None:
    answer = requests.get(root, auth=credentials, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert "upm-token" not in answer.headers


@pytest.mark.parametrize("token", ["", "0123456789"])
def test_a_wrong_upm_token_is_refused(root: str, token: str) -> None:
    answer = requests.post(
        root,
        params={"token": token},
        json={},
        headers={"Content-Type": NEW_TYPE},
        auth=ADMIN,
        timeout=30,
    )
    assert answer.status_code == 403


def test_only_so_many_tokens_are_remembered(root: str) -> None:
    oldest = upm_token(root)
    for _ in range(100):
        upm_token(root)
    answer = requests.post(root, params={"token": oldest}, auth=ADMIN, timeout=30)
    assert answer.status_code == 403


def test_bad_bodies_types_and_tasks_have_different_statuses(root: str) -> None:
    assert post(root, {"pluginUri": "x"}, "application/json").status_code == 415
    bodies: list[Any] = [[], {}, {"pluginUri": 5}]
    for body in bodies:
        assert post(root, body).status_code == 400
    broken = requests.post(
        root,
        params={"token": upm_token(root)},
        data="{",
        headers={"Content-Type": NEW_TYPE},
        auth=ADMIN,
        timeout=30,
    )
    assert broken.status_code == 400
    for path in ("pending/nothing", "nobody-key", "%FF-key"):
        assert requests.get(root + path, auth=ADMIN, timeout=30).status_code == 404


def test_our_own_installer_uses_the_protocol(
    confluence: LocalConfluence, app: FakeApp
) -> None:
    assert install_app(confluence.base_url, app.descriptor_url) == APP_KEY
    app.answers["installed"] = 403
    with pytest.raises(InstallerError, match="code 403"):
        install_app(confluence.base_url, app.descriptor_url)


def test_our_own_installer_reports_a_missing_site() -> None:
    with pytest.raises(InstallerError, match="broke off"):
        install_app("http://127.0.0.1:1", "http://127.0.0.1:1/atlassian-connect.json")


def test_the_key_server_knows_only_its_own_key(confluence: LocalConfluence) -> None:
    keys = f"{confluence.origin}/install-keys"
    known = requests.get(f"{keys}/{confluence.site.key_id}", timeout=30)
    assert known.text.startswith("-----BEGIN PUBLIC KEY-----")
    assert known.headers["Content-Type"].startswith("text/plain")
    for kid in ("unknown", "..%2F..", "%FF"):
        assert requests.get(f"{keys}/{kid}", timeout=30).status_code == 404
