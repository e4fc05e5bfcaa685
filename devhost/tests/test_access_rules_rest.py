"""REST for a blocked app: the space is hidden, everything else works."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.access_rules import AccessRules, allow, block
from devhost.rest.documented_operations import PARAMETER, known_operations
from devhost.server import LocalConfluence
from devhost.site import Site
from devhost.site.installations import Installations
from devhost.site.users import ADMINISTRATOR
from devhost.tokens.oauth import AuthorizationServer
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
# From the space DS.
SPACE_ID = "65538"
PAGE = "98421"
REASON = "An app access rule blocks the app in this space."
NEW_PAGE = {"spaceId": SPACE_ID, "title": "New", "status": "current"}


@pytest.fixture
def site(confluence: LocalConfluence, installed: FakeApp) -> Site:
    return confluence.site


SINGLE = [
    ("GET", f"/rest/api/content/{PAGE}", None),
    ("GET", f"/rest/api/content/{PAGE}/label", None),
    ("GET", f"/rest/api/content/{PAGE}/child/attachment", None),
    ("GET", f"/rest/api/content/{PAGE}/property", None),
    ("PUT", f"/rest/api/content/{PAGE}", {"version": {"number": 9}}),
    ("DELETE", f"/rest/api/content/{PAGE}", None),
    ("GET", "/rest/api/space/DS/content", None),
    ("GET", f"/api/v2/pages/{PAGE}", None),
    ("GET", f"/api/v2/pages/{PAGE}/children", None),
    ("PUT", f"/api/v2/pages/{PAGE}", {"id": PAGE, "version": {"number": 9}}),
    ("DELETE", f"/api/v2/pages/{PAGE}", None),
    ("POST", "/api/v2/pages", NEW_PAGE),
    ("POST", "/api/v2/footer-comments", {"pageId": PAGE}),
    ("GET", "/download/attachments/98425/parts.svg", None),
]


@pytest.mark.parametrize("status", [404, 403])
@pytest.mark.parametrize(("method", "path", "body"), SINGLE)
def test_a_single_object_of_a_blocked_space_is_refused(
    site: Site, call: Call, method: str, path: str, body: Any, status: int
) -> None:
    if method == "GET":
        assert call(method, path).status_code == 200
    block(site, APP_KEY, "DS")
    site.get(AccessRules).set_status(status)
    answer = call(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    assert answer.headers["X-Devhost-Reason"] == REASON


def test_a_blocked_object_looks_like_a_missing_one_with_404(
    site: Site, call: Call
) -> None:
    missing = call("GET", "/rest/api/content/1").json()
    block(site, APP_KEY, "DS")
    hidden = call("GET", f"/rest/api/content/{PAGE}").json()
    assert str(hidden).replace(PAGE, "1") == str(missing)


def test_a_missing_object_is_still_404_with_403(site: Site, call: Call) -> None:
    block(site, APP_KEY, "DS")
    site.get(AccessRules).set_status(403)
    answer = call("GET", "/rest/api/content/1")
    assert answer.status_code == 404
    assert "X-Devhost-Reason" not in answer.headers


def test_a_blocked_space_is_absent_from_lists_and_searches(
    site: Site, call: Call
) -> None:
    def seen() -> list[str]:
        pages = call("GET", "/api/v2/pages?limit=250").json()["results"]
        return [each["spaceId"] for each in pages]

    path = "/rest/api/content/search?cql=type=page&expand=space"
    before = call("GET", path).json()
    assert SPACE_ID in seen()
    block(site, APP_KEY, "DS")
    assert seen()
    assert SPACE_ID not in seen()
    after = call("GET", path).json()
    assert 0 < after["totalSize"] < before["totalSize"]
    assert all(each["space"]["key"] != "DS" for each in after["results"])
    of_space = call("GET", f"/api/v2/pages?space-id={SPACE_ID}").json()
    assert of_space["results"] == []


def test_an_app_that_is_blocked_everywhere_finds_nothing(
    site: Site, call: Call
) -> None:
    block(site, APP_KEY)
    assert call("GET", "/api/v2/pages").json()["results"] == []
    assert call("GET", "/rest/api/search?cql=type=page").json()["totalSize"] == 0
    allow(site, APP_KEY)
    assert call("GET", "/api/v2/pages").json()["results"]


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v2/spaces/{SPACE_ID}",
        f"/api/v2/spaces/{SPACE_ID}/properties",
        f"/api/v2/spaces/{SPACE_ID}/permissions",
        "/rest/api/space/DS/property",
        "/rest/api/user/current",
        "/api/v2/labels",
        f"/rest/atlassian-connect/1/addons/{APP_KEY}",
        f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties",
        "/rest/atlassian-connect/1/app/module/dynamic",
    ],
)
def test_exempt_operations_still_work(site: Site, call: Call, path: str) -> None:
    before = call("GET", path)
    assert before.status_code == 200
    block(site, APP_KEY)
    after = call("GET", path)
    assert (after.status_code, after.json()) == (200, before.json())


def test_an_exempt_operation_does_not_show_the_pages(site: Site, call: Call) -> None:
    path = "/rest/api/space/DS?expand=homepage"
    change = {"name": "Renamed"}
    assert call("PUT", path, json=change).json()["homepage"]["id"] == PAGE
    block(site, APP_KEY, "DS")
    answer = call("PUT", path, json=change)
    assert answer.status_code == 200
    assert answer.json()["homepage"] is None


def test_every_operation_obeys_its_rule(
    confluence: LocalConfluence, site: Site, call: Call
) -> None:
    """This covers everything that the host serves, by the inspector's notes."""
    block(site, APP_KEY)
    served = [each for each in known_operations() if each.method == "GET"]
    for operation in served:
        call("GET", PARAMETER.sub("1", operation.path), allow_redirects=False)
        noted = confluence.exchanges.find()[-1].notes["access rule"]
        stated = operation.access_rule
        expected = "blocked (assumed)" if stated == "unknown" else stated
        assert noted == f"{expected}; the app is blocked everywhere", operation


def test_the_rule_applies_to_the_page_of_the_app_too(
    confluence: LocalConfluence, site: Site
) -> None:
    site.switch_user(ADMINISTRATOR)
    headers = {"X-Devhost-Session": site.session_token, "AP-Client-Key": APP_KEY}
    url = f"{confluence.base_url}/rest/api/content/{PAGE}"
    assert requests.get(url, headers=headers, timeout=30).status_code == 200
    block(site, APP_KEY, "DS")
    assert requests.get(url, headers=headers, timeout=30).status_code == 404


def test_the_rule_applies_to_an_app_that_acts_as_a_person(
    confluence: LocalConfluence, site: Site
) -> None:
    app = site.get(Installations).find_enabled(APP_KEY)
    assert app is not None
    token = site.get(AuthorizationServer).issue(app, ADMINISTRATOR, frozenset({"READ"}))
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{confluence.base_url}/api/v2/pages/{PAGE}"
    assert requests.get(url, headers=headers, timeout=30).status_code == 200
    block(site, APP_KEY, "DS")
    assert requests.get(url, headers=headers, timeout=30).status_code == 404


def test_people_are_not_blocked(confluence: LocalConfluence, site: Site) -> None:
    block(site, APP_KEY)
    for path in (f"/spaces/DS/pages/{PAGE}", "/download/attachments/98425/parts.svg"):
        answer = requests.get(confluence.base_url + path, timeout=30)
        assert answer.status_code == 200


# What the app can find out about its rule.

METADATA = "/api/v2/data-policies/metadata"
SPACES = "/api/v2/data-policies/spaces"


def test_the_metadata_tells_whether_anything_is_blocked(site: Site, call: Call) -> None:
    assert call("GET", METADATA).json() == {"anyContentBlocked": False}
    block(site, APP_KEY, "HB")
    assert call("GET", METADATA).json() == {"anyContentBlocked": True}


def test_the_spaces_resource_says_where_the_app_is_blocked(
    site: Site, call: Call
) -> None:
    block(site, APP_KEY, "HB")
    answer = call("GET", SPACES)
    results = answer.json()["results"]
    blocked = {each["key"]: each["dataPolicy"] for each in results}
    assert blocked == {
        key: {"anyContentBlocked": key == "HB"} for key in ("DS", "HB", "ORC", "LEAD")
    }
    assert set(results[0]) == {
        "id",
        "key",
        "name",
        "description",
        "dataPolicy",
        "icon",
        "_links",
    }
    assert results[0]["_links"] == {"webui": "/spaces/DS"}
    assert answer.json()["_links"]["base"] == site.base_url
    assert 'rel="base"' in answer.headers["Link"]


def test_the_spaces_are_filtered_sorted_and_paged(site: Site, call: Call) -> None:
    def keys(query: str) -> list[str]:
        return [x["key"] for x in call("GET", SPACES + query).json()["results"]]

    assert keys("?keys=HB,DS") == ["DS", "HB"]
    assert keys(f"?ids={SPACE_ID}") == ["DS"]
    assert keys("?sort=-key")[0] == "ORC"
    first = call("GET", f"{SPACES}?limit=3").json()
    assert len(first["results"]) == 3
    following = first["_links"]["next"].removeprefix("/wiki")
    assert [x["key"] for x in call("GET", following).json()["results"]] == ["LEAD"]
    assert call("GET", f"{SPACES}?sort=colour").status_code == 400


@pytest.mark.parametrize("path", [METADATA, SPACES])
def test_only_apps_can_call_the_resource(
    confluence: LocalConfluence, site: Site, path: str
) -> None:
    site.switch_user(ADMINISTRATOR)
    headers = {"X-Devhost-Session": site.session_token, "AP-Client-Key": APP_KEY}
    url = confluence.base_url + path
    assert requests.get(url, headers=headers, timeout=30).status_code == 401
