"""The license switch: the iframe, the context claim and REST agree."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp, sign

Post = Callable[..., requests.Response]
APP = f"/rest/atlassian-connect/1/addons/{APP_KEY}"
EVALUATION = {"active": True, "evaluation": True}
NO_EVALUATION = {"evaluation": False}


def switch(confluence: LocalConfluence, licence: Any, key: str = APP_KEY) -> int:
    url = f"{confluence.origin}/devhost/api/apps/{key}/licence"
    return requests.put(url, json={"licence": licence}, timeout=30).status_code


@pytest.mark.parametrize(
    ("state", "lic", "active", "resource"),
    [
        ("free", "none", False, None),
        ("active", "active", True, {"active": True, **NO_EVALUATION}),
        ("evaluation", "active", True, EVALUATION),
        ("expired", "none", False, {"active": False, **NO_EVALUATION}),
    ],
)
def test_iframe_context_and_rest_agree(
    confluence: LocalConfluence,
    installed: FakeApp,
    state: str,
    lic: str,
    active: bool,
    resource: dict[str, bool] | None,
) -> None:
    assert switch(confluence, state) == 200
    page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    requests.get(page, timeout=30)
    url = confluence.exchanges.find(kind="iframe")[-1].url
    query = parse_qs(urlsplit(url).query)
    assert query["lic"] == [lic]
    claims = jwt.decode(query["jwt"][0], options={"verify_signature": False})
    assert claims["context"]["license"] == {"active": active}
    headers = {"Authorization": f"JWT {sign(installed, 'GET', APP)}"}
    answer = requests.get(confluence.base_url + APP, headers=headers, timeout=30).json()
    license = answer.get("license")
    assert (license is None) == (resource is None)
    if license and resource:
        assert {name: license[name] for name in resource} == resource


@pytest.mark.parametrize(("state", "told"), [("free", False), ("expired", True)])
def test_a_license_has_its_entitlement(
    confluence: LocalConfluence, installed: FakeApp, desk: Post, state: str, told: bool
) -> None:
    switch(confluence, state)
    desk(f"apps/{APP_KEY}/reinstall")
    assert ("entitlementId" in installed.events("installed")[-1].body) == told


def test_the_license_is_listed_and_stored(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    def listed() -> str:
        apps = requests.get(f"{confluence.origin}/devhost/api/apps", timeout=30).json()
        return str(apps["apps"][0]["licence"])

    assert listed() == "free"
    switch(confluence, "evaluation")
    desk(f"apps/{APP_KEY}/reinstall")
    assert listed() == "evaluation"


def test_unknown_licenses_and_apps_are_refused(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    assert switch(confluence, "stolen") == 400
    assert switch(confluence, 5) == 400
    assert switch(confluence, "active", key="nobody") == 404


def test_the_desk_switches_the_license(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    def submit(key: str, licence: str) -> requests.Response:
        url = f"{confluence.origin}/devhost/apps/{key}/licence"
        return requests.post(url, data={"licence": licence}, timeout=30)

    page = submit(APP_KEY, "expired").text
    assert 'value="expired" aria-pressed="true"' in page
    assert submit(APP_KEY, "stolen").status_code == 400
    assert submit("nobody", "active").status_code == 404
