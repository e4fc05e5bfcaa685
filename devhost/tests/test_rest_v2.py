"""REST version 2 as an app calls it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
PAGES = "/api/v2/pages"
HOME = f"{PAGES}/98421"
BODY = {"representation": "storage", "value": "<p>Hi</p>"}


def new_page(**changes: Any) -> dict[str, Any]:
    page = {"spaceId": "65538", "status": "current", "title": "New", "body": BODY}
    return {**page, **changes}


def error(answer: requests.Response) -> dict[str, Any]:
    (only,) = answer.json()["errors"]
    assert set(only) == {"status", "code", "title", "detail"}
    assert only["status"] == answer.status_code
    return dict(only)


def test_a_page_is_created_read_changed_and_deleted(call: Call) -> None:
    created = call("POST", PAGES, json=new_page()).json()
    path = f"{PAGES}/{created['id']}"
    assert (created["parentId"], created["spaceId"]) == ("98421", "65538")
    assert created["version"]["number"] == 1
    assert call("GET", path).json()["body"] == {}
    read = call("GET", f"{path}?body-format=storage").json()
    assert read["body"] == {"storage": BODY}
    change = new_page(id=created["id"], title="Changed", version={"number": 2})
    assert call("PUT", path, json=change).json()["title"] == "Changed"
    assert call("GET", f"{path}?version=1").json()["title"] == "New"
    titled = call("PUT", f"{path}/title", json={"title": "Titled", "status": "current"})
    assert titled.json()["version"]["number"] == 3
    assert call("DELETE", path).status_code == 204
    assert error(call("GET", path))["code"] == "NOT_FOUND"
    assert call("GET", f"{path}?status=trashed").json()["status"] == "trashed"
    assert call("DELETE", f"{path}?purge=true").status_code == 204
    assert call("GET", f"{path}?status=trashed").status_code == 404


def test_a_new_page_is_below_the_home_page_or_at_the_root(call: Call) -> None:
    at_root = call("POST", f"{PAGES}?root-level=true", json=new_page()).json()
    assert at_root["parentId"] is None
    below = call("POST", PAGES, json=new_page(title="B", parentId="98424")).json()
    assert below["parentId"] == "98424"
    roots = call("GET", "/api/v2/spaces/65538/pages?depth=root").json()["results"]
    assert [each["id"] for each in roots] == ["98421", at_root["id"]]


def test_a_draft_is_published_as_version_one(call: Call) -> None:
    draft = call("POST", PAGES, json=new_page(status="draft")).json()
    path = f"{PAGES}/{draft['id']}"
    assert call("GET", path).status_code == 404
    assert call("GET", f"{path}?get-draft=true").json()["status"] == "draft"
    change = new_page(id=draft["id"], version={"number": 1})
    assert call("PUT", path, json=change).json()["status"] == "current"


@pytest.mark.parametrize("sort", ["id", "-id", "title", "-title", "-modified-date"])
@pytest.mark.parametrize("follow", ["Link", "_links"])
def test_a_list_is_followed_by_its_cursor(
    confluence: LocalConfluence, call: Call, sort: str, follow: str
) -> None:
    found: list[dict[str, Any]] = []
    path: str | None = f"/wiki{PAGES}?limit=5&sort={sort}"
    while path:
        assert path.startswith("/wiki/api/v2/pages?")
        answer = call("GET", path.removeprefix("/wiki"))
        part = answer.json()
        assert part["_links"]["base"] == confluence.base_url
        found += part["results"]
        link = answer.links.get("next", {}).get("url")
        assert link == part["_links"].get("next")
        path = part["_links"].get("next") if follow == "_links" else link
    assert len({each["id"] for each in found}) == len(found) == 16
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "id": lambda each: int(each["id"]),
        "title": lambda each: each["title"].lower(),
        "modified-date": lambda each: each["version"]["createdAt"],
    }
    key = keys[sort.removeprefix("-")]
    ordered = [key(each) for each in found]
    assert ordered == sorted(ordered, reverse=sort.startswith("-"))


def test_a_cursor_survives_contents_created_meanwhile(call: Call) -> None:
    part = call("GET", f"{PAGES}?limit=10&sort=-id").json()
    call("POST", PAGES, json=new_page())
    path = part["_links"]["next"].removeprefix("/wiki")
    rest = call("GET", path).json()["results"]
    seen = [each["id"] for each in part["results"] + rest]
    assert len(seen) == len(set(seen)) == 16


@pytest.mark.parametrize(
    "query",
    [
        "cursor=abc",
        "cursor=e30%3D",
        "cursor=WyJpZCIsMV0%3D",
        "cursor=%C3%BC",
        "cursor=WyJpZCIsW10sMV0%3D",
        "limit=0",
        "limit=251",
        "limit=x",
        "sort=relevance",
        "id=x",
        "space-id=1,x",
    ],
)
def test_an_invalid_list_request_is_refused(call: Call, query: str) -> None:
    assert error(call("GET", f"{PAGES}?{query}"))["code"] == "INVALID_REQUEST_PARAMETER"


def test_a_cursor_of_another_order_is_refused(call: Call) -> None:
    part = call("GET", f"{PAGES}?limit=2&sort=title").json()
    path = part["_links"]["next"].removeprefix("/wiki")
    assert call("GET", path.replace("sort=title", "sort=id")).status_code == 400


def test_a_list_is_filtered(call: Call) -> None:
    def ids(path: str) -> list[str]:
        return [each["id"] for each in call("GET", path).json()["results"]]

    assert ids(f"{PAGES}?id=98421,98424") == ["98421", "98424"]
    assert ids(f"{PAGES}?title={quote('Formatting examples')}") == ["98424"]
    assert len(ids(f"{PAGES}?space-id=65538")) == 4
    assert ids(f"{PAGES}?status=trashed") == []
    assert ids("/api/v2/spaces/65538/blogposts") == ["98429"]
    labels = {each["name"]: each["id"] for each in _all(call, "/api/v2/labels")}
    assert ids(f"/api/v2/labels/{labels['reference']}/pages") == ["98424", "98425"]
    assert ids(f"/api/v2/labels/{labels['reference']}/blogposts") == []


def _all(call: Call, path: str) -> list[dict[str, Any]]:
    found = []
    following: str | None = path
    while following:
        part = call("GET", following.removeprefix("/wiki")).json()
        found += part["results"]
        following = part["_links"].get("next")
    return found


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"version": {"number": 3}}, 409),
        ({"version": {"number": 5}}, 409),
        ({"version": None}, 400),
        ({"id": "98424"}, 400),
        ({"spaceId": "65539"}, 501),
        ({"parentId": "98424"}, 400),
        ({"status": None}, 400),
        ({"title": None}, 400),
        ({"title": "formatting examples"}, 400),
        ({"body": {"representation": "atlas_doc_format", "value": "{}"}}, 501),
        ({"body": {"representation": "storage", "value": "<p>"}}, 400),
        ({"body": {"representation": "storage"}}, 400),
        ({"body": {"value": "x"}}, 400),
        ({"body": {"storage": BODY}}, 200),
        ({}, 200),
    ],
)
def test_a_change_is_checked(call: Call, changes: dict[str, Any], status: int) -> None:
    good = new_page(id="98421", version={"number": 4})
    answer = call("PUT", HOME, json={**good, **changes})
    assert answer.status_code == status, answer.text
    if status != 200:
        assert error(answer)["title"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"spaceId": "1"}, 404),
        ({"spaceId": "x"}, 404),
        ({"spaceId": 65538}, 200),
        ({"parentId": "98431"}, 400),
        ({"parentId": "1"}, 404),
        ({"title": ""}, 400),
        ({"status": "archived"}, 400),
    ],
)
def test_a_new_page_is_checked(
    call: Call, changes: dict[str, Any], status: int
) -> None:
    assert call("POST", PAGES, json=new_page(**changes)).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        f"{HOME}/likes/count",
        f"{HOME}?body-format=atlas_doc_format",
        f"{HOME}?include-likes=true",
        f"{PAGES}?status=archived",
        "/api/v2/whiteboards/1",
        "/api/v2/tasks",
        "/api/v2/",
        "/api/v2",
    ],
)
def test_unsupported_features_are_named(call: Call, path: str) -> None:
    found = error(call("GET", path))
    assert (found["status"], found["code"]) == (501, "NOT_IMPLEMENTED")
    assert "is not in the local Confluence" in found["title"]


def test_an_unauthenticated_call_gets_the_error_body_of_version_2(
    confluence: LocalConfluence,
) -> None:
    for path in (PAGES, "/api/v2/nothing"):
        answer = requests.get(confluence.base_url + path, timeout=30)
        assert error(answer)["code"] == "UNAUTHORIZED"


def test_requested_parts_are_included(call: Call) -> None:
    path = (
        f"{HOME}?include-labels=true&include-properties=true"
        "&include-operations=true&include-versions=true&body-format=view"
    )
    page = call("GET", path).json()
    names = [each["name"] for each in page["labels"]["results"]]
    assert names == ["getting-started", "welcome"]
    assert page["properties"]["results"][0]["key"] == "reviewed"
    assert len(page["versions"]["results"]) == 3
    assert page["operations"]["results"][0]["operation"] == "read"
    assert "panel-info" in page["body"]["view"]["value"]


def test_relatives_and_versions(call: Call) -> None:
    def ids(path: str) -> list[str]:
        return [each["id"] for each in _all(call, path)]

    assert ids(f"{HOME}/children?limit=1") == ["98424", "98425"]
    assert ids(f"{HOME}/direct-children") == ["98424", "98425"]
    assert ids(f"{HOME}/descendants?limit=1") == ["98424", "98425", "98428"]
    assert ids(f"{HOME}/descendants?depth=1") == ["98424", "98425"]
    assert ids(f"{PAGES}/98428/ancestors") == ["98421", "98424"]
    assert [each["number"] for each in _all(call, f"{HOME}/versions")] == [3, 2, 1]
    one = call("GET", f"{HOME}/versions/1?body-format=storage").json()
    assert one["page"]["body"]["storage"]["value"] == "<p>Welcome.</p>"
    assert call("GET", f"{HOME}/versions/9").status_code == 404
    assert call("GET", f"{HOME}/versions/x").status_code == 400
    operations = call("GET", f"{HOME}/operations").json()["operations"]
    assert {"operation": "delete", "targetType": "page"} in operations
    # A blog post is no page.
    assert call("GET", f"{PAGES}/98429").status_code == 404
    assert call("GET", "/api/v2/blogposts/98429").json()["spaceId"] == "65538"


@pytest.mark.parametrize("place", ["footer-comments", "inline-comments"])
def test_comments_are_threads(call: Call, place: str) -> None:
    root = f"/api/v2/{place}"
    comment: dict[str, Any] = {"pageId": "98424", "body": BODY}
    if place == "inline-comments":
        assert call("POST", root, json=comment).status_code == 400
        comment["inlineCommentProperties"] = {"textSelection": "Table"}
    first = call("POST", root, json=comment)
    assert first.status_code == 201
    path = f"{root}/{first.json()['id']}"
    reply = {"parentCommentId": first.json()["id"], "body": BODY}
    second = call("POST", root, json=reply).json()
    assert second["pageId"] == "98424"
    below = call("GET", f"{path}/children").json()["results"]
    assert [each["id"] for each in below] == [second["id"]]
    on_page = call("GET", f"{PAGES}/98424/{place}").json()["results"]
    assert [each["id"] for each in on_page] == [first.json()["id"]]
    change = {"version": {"number": 2}, "body": {**BODY, "value": "<p>x</p>"}}
    changed = call("PUT", f"{path}?body-format=storage", json=change).json()
    assert changed["body"]["storage"]["value"] == "<p>x</p>"
    assert call("PUT", path, json=change).status_code == 409
    other = {"footer-comments": "inline-comments", "inline-comments": "footer-comments"}
    assert (
        call("GET", f"/api/v2/{other[place]}/{first.json()['id']}").status_code == 404
    )
    assert call("POST", root, json={"body": BODY}).status_code == 400
    assert call("DELETE", path).status_code == 204
    assert call("GET", f"{root}/{second['id']}").status_code == 404


def test_an_inline_comment_is_resolved_and_reopened(call: Call) -> None:
    selection = {"textSelection": "Table"}
    body = {"pageId": "98424", "body": BODY, "inlineCommentProperties": selection}
    made = call("POST", "/api/v2/inline-comments", json=body).json()
    assert made["resolutionStatus"] == "open"
    path = f"/api/v2/inline-comments/{made['id']}"
    for number, resolved, status in ((2, True, "resolved"), (3, False, "reopened")):
        change = {"version": {"number": number}, "resolved": resolved}
        assert call("PUT", path, json=change).json()["resolutionStatus"] == status


def test_attachments_are_listed_and_deleted(call: Call) -> None:
    (svg, csv) = call("GET", f"{PAGES}/98425/attachments").json()["results"]
    assert (svg["title"], csv["mediaType"]) == ("parts.svg", "text/csv")
    assert call("GET", csv["downloadLink"]).text.startswith("month,orders")
    path = f"/api/v2/attachments/{csv['id']}"
    assert call("GET", path).json()["pageId"] == "98425"
    named = call("GET", "/api/v2/attachments?mediaType=text/csv").json()["results"]
    assert [each["id"] for each in named] == [csv["id"]]
    assert call("GET", path.replace("att9", "9")).status_code == 404
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert call("DELETE", f"{path}?purge=true").status_code == 204


@pytest.mark.parametrize(
    "root",
    [
        f"{HOME}/properties",
        "/api/v2/blogposts/98429/properties",
        "/api/v2/comments/98422/properties",
        "/api/v2/attachments/att98426/properties",
        "/api/v2/spaces/65538/properties",
    ],
)
def test_properties_have_ids_and_versions(call: Call, root: str) -> None:
    made = call("POST", root, json={"key": "k", "value": [1]}).json()
    path = f"{root}/{made['id']}"
    assert call("POST", root, json={"key": "k", "value": 1}).status_code == 409
    assert [each["id"] for each in _all(call, f"{root}?key=k")] == [made["id"]]
    change = {"key": "k", "value": {"a": None}, "version": {"number": 2}}
    assert call("PUT", path, json=change).json()["value"] == {"a": None}
    assert call("PUT", path, json=change).status_code == 409
    renamed = {**change, "key": "other", "version": {"number": 3}}
    assert call("PUT", path, json=renamed).status_code == 400
    assert call("GET", path).json()["version"]["number"] == 2
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404


def test_spaces_are_listed_and_read(call: Call) -> None:
    spaces = _all(call, "/api/v2/spaces?limit=2&sort=-name")
    assert [each["key"] for each in spaces] == ["HB", "ORC", "LEAD", "DS"]
    one = call("GET", "/api/v2/spaces/65538?description-format=plain").json()
    assert one["homepageId"] == "98421"
    assert one["description"]["plain"]["value"].startswith("A space to try")
    body = {"key": "V2", "name": "Second"}
    assert call("POST", "/api/v2/spaces", json=body).status_code == 201
    assert [s["name"] for s in _all(call, "/api/v2/spaces?keys=V2")] == ["Second"]
    assert call("GET", "/api/v2/spaces/1").status_code == 404
    assert call("GET", "/api/v2/spaces/65538/operations").json()["operations"]
    principals = [
        each["principal"]["type"]
        for each in _all(call, "/api/v2/spaces/65538/permissions")
    ]
    assert sorted(set(principals)) == ["anonymous", "group", "user"]


def test_people_and_types_are_found_in_bulk(call: Call) -> None:
    body = {"accountIds": [ADMINISTRATOR.account_id, "nobody"]}
    (person,) = call("POST", "/api/v2/users-bulk", json=body).json()["results"]
    assert person["displayName"] == ADMINISTRATOR.display_name
    ids = {"contentIds": ["98421", "98429", 98422, "1"]}
    types = call("POST", "/api/v2/content/convert-ids-to-types", json=ids).json()
    assert types["results"] == {
        "98421": "page",
        "98429": "blogpost",
        "98422": "comment",
        "1": None,
    }
    assert call("POST", "/api/v2/users-bulk", json={}).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("user", 200), ("anonymous", 403)]
)
def test_a_person_writes_as_far_as_permitted(
    confluence: LocalConfluence, installed: FakeApp, desk: Call, name: str, status: int
) -> None:
    desk("user", user=name)
    headers = {
        "X-Devhost-Session": confluence.site.session_token,
        "AP-Client-Key": APP_KEY,
    }
    url = confluence.base_url + PAGES
    answer = requests.post(url, json=new_page(), headers=headers, timeout=30)
    assert answer.status_code == status
