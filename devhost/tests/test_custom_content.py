"""Contents of an app's own types in REST version 2."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.access_rules import block
from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from tests.custom_app import (
    CUSTOMER,
    DATA,
    HOME,
    NOTE,
    SPACE_ID,
    STORAGE,
    V2,
    customer,
    on_page,
    serve_custom_app,
)
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
RAW = {"representation": "raw", "value": '{"a": "<b & c"}'}


@pytest.fixture
def app(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve_custom_app(confluence) as running:
        yield running


@pytest.fixture
def create(call: Call) -> Callable[..., dict[str, Any]]:
    def post(body: dict[str, Any]) -> dict[str, Any]:
        answer = call("POST", V2, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return post


Create = Callable[[dict[str, Any]], dict[str, Any]]


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["results"]]


def test_a_content_is_created_read_changed_and_deleted(
    call: Call, create: Create
) -> None:
    created = create(customer())
    assert (created["type"], created["spaceId"]) == (CUSTOMER, SPACE_ID)
    assert "pageId" not in created
    path = f"{V2}/{created['id']}"
    assert call("GET", path).json()["body"] == {}
    read = call("GET", f"{path}?body-format=storage").json()
    assert read["body"] == {"storage": STORAGE}
    change = customer(id=created["id"], title="Changed", version={"number": 2})
    changed = call("PUT", path, json=change).json()
    assert (changed["title"], changed["version"]["number"]) == ("Changed", 2)
    assert call("GET", f"{path}?version=1").json()["title"] == "Acme"
    versions = call("GET", f"{path}/versions").json()["results"]
    assert [each["custom"]["title"] for each in versions] == ["Changed", "Acme"]
    assert call("GET", f"{path}/versions/1").json()["custom"]["title"] == "Acme"
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert call("GET", f"{path}?status=trashed").json()["status"] == "trashed"
    assert call("DELETE", f"{path}?purge=true").status_code == 204
    assert call("GET", f"{path}?status=trashed").status_code == 404


def test_a_content_comes_back_out_of_the_trash(call: Call, create: Create) -> None:
    path = f"{V2}/{create(customer())['id']}"
    call("DELETE", path)
    restored = call("PUT", path, json=customer(version={"number": 2}))
    assert restored.json()["status"] == "current"
    assert call("GET", path).status_code == 200


def test_contents_are_listed_by_type_and_place(call: Call, create: Create) -> None:
    in_space = create(customer())["id"]
    in_page = create(on_page())
    assert in_page["pageId"] == HOME
    assert in_page["spaceId"] == SPACE_ID
    blog_post = call("GET", "/api/v2/blogposts").json()["results"][0]
    in_blog = create({**on_page(blogPostId=blog_post["id"]), "pageId": None})
    assert in_blog["blogPostId"] == blog_post["id"]
    query = f"custom-content?type={CUSTOMER}"
    every = [in_space, in_page["id"], in_blog["id"]]
    assert ids(call("GET", f"/api/v2/{query}")) == every
    assert ids(call("GET", f"/api/v2/{query}&id={in_space}")) == [in_space]
    assert ids(call("GET", f"/api/v2/pages/{HOME}/{query}")) == [in_page["id"]]
    blog_list = f"/api/v2/blogposts/{blog_post['id']}/{query}"
    assert ids(call("GET", blog_list)) == [in_blog["id"]]
    in_that_space = ids(call("GET", f"/api/v2/spaces/{SPACE_ID}/{query}"))
    assert set(in_that_space) >= {in_space, in_page["id"]}
    assert ids(call("GET", f"{V2}?type={NOTE}")) == []


def test_a_list_needs_a_type_that_is_declared(call: Call) -> None:
    answer = call("GET", V2)
    assert answer.status_code == 400
    assert "type is required" in answer.text
    answer = call("GET", f"{V2}?type=ac:{APP_KEY}:nothing")
    assert answer.status_code == 400
    assert "No enabled app declares" in answer.text


def test_a_content_contains_only_what_its_type_allows(
    call: Call, create: Create
) -> None:
    parent = create(customer())["id"]
    note = customer(type=NOTE, spaceId=None, customContentId=parent)
    child = create(note)
    assert child["customContentId"] == parent
    assert call("GET", f"{V2}/{parent}/children").json()["results"] == [
        {
            "id": child["id"],
            "status": "current",
            "title": "Acme",
            "type": NOTE,
            "spaceId": SPACE_ID,
        }
    ]
    comment = {"customContentId": parent, "body": STORAGE}
    said = call("POST", "/api/v2/footer-comments", json=comment)
    assert said.json()["customContentId"] == parent
    assert ids(call("GET", f"{V2}/{parent}/footer-comments")) == [said.json()["id"]]
    answer = call(
        "POST",
        "/api/v2/footer-comments",
        json={**comment, **{"customContentId": child["id"]}},
    )
    assert answer.status_code == 400
    assert "do not name comment" in answer.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"type": NOTE}, "do not name space"),
        ({"type": DATA, "body": RAW}, "do not name space"),
        ({"type": "page"}, "No enabled app declares the content type page"),
        ({"type": f"ac:{APP_KEY}:nothing"}, "No enabled app declares"),
        ({"title": "  "}, "title must have"),
        ({"title": "x" * 256}, "title must have"),
        ({"body": RAW}, "is storage, not raw"),
        ({"body": {**STORAGE, "value": "<p>"}}, "Error parsing xhtml"),
        ({"body": "text"}, "body must be an object"),
        ({"body": {"value": ""}}, "body.representation is required"),
        ({"pageId": HOME, "blogPostId": HOME}, "Only one of pageId, blogPostId"),
        ({"status": "trashed"}, "status must be one of"),
    ],
)
def test_a_body_or_place_that_the_type_forbids_is_refused(
    call: Call, changes: dict[str, Any], says: str
) -> None:
    answer = call("POST", V2, json=customer(**changes))
    assert answer.status_code == 400, answer.text
    assert says in answer.text


def test_a_raw_body_is_kept_as_it_is(call: Call, create: Create) -> None:
    created = create(on_page(type=DATA, body={"raw": RAW}))
    path = f"{V2}/{created['id']}"
    assert call("GET", f"{path}?body-format=raw").json()["body"] == {"raw": RAW}
    assert call("GET", f"{path}?body-format=storage").json()["body"] == {}
    other = {**RAW, "value": "]]>"}
    change = on_page(type=DATA, body=other, version={"number": 2})
    assert call("PUT", path, json=change).status_code == 200
    assert call("GET", f"{path}?body-format=raw").json()["body"] == {"raw": other}
    wrong = on_page(type=DATA, body=STORAGE, version={"number": 3})
    assert call("PUT", path, json=wrong).status_code == 400


def test_titles_are_unique_where_the_type_says_so(call: Call, create: Create) -> None:
    first = create(on_page(type=DATA, body=RAW))["id"]
    assert create(customer()) and create(customer())
    answer = call("POST", V2, json=on_page(type=DATA, body=RAW))
    assert answer.status_code == 400
    assert "preventDuplicateTitle" in answer.text
    same = on_page(type=DATA, body=RAW, version={"number": 2})
    assert call("PUT", f"{V2}/{first}", json=same).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"type": NOTE}, 400),
        ({"id": "1"}, 400),
        ({"spaceId": "1"}, 501),
        ({"pageId": HOME}, 501),
        ({"version": {"number": 3}}, 409),
    ],
)
def test_an_invalid_change_is_refused(
    call: Call, create: Create, changes: dict[str, Any], status: int
) -> None:
    path = f"{V2}/{create(customer())['id']}"
    change = {**customer(version={"number": 2}), **changes}
    assert call("PUT", path, json=change).status_code == status


def test_a_content_has_properties_labels_and_operations(
    call: Call, create: Create
) -> None:
    content = create(customer())["id"]
    path = f"{V2}/{content}"
    given = {"key": "k", "value": {"a": 1}}
    made = call("POST", f"{path}/properties", json=given).json()
    one = f"{path}/properties/{made['id']}"
    change = {**given, "value": 2, "version": {"number": 2}}
    assert call("PUT", one, json=change).json()["value"] == 2
    assert call("GET", one).json()["version"]["number"] == 2
    assert call("DELETE", one).status_code == 204
    assert ids(call("GET", f"{path}/properties")) == []
    call("POST", f"/rest/api/content/{content}/label", json={"name": "red"})
    (label,) = call("GET", f"{path}/labels").json()["results"]
    assert label["name"] == "red"
    allowed = call("GET", f"{path}/operations").json()["operations"]
    assert {"operation": "update", "targetType": CUSTOMER} in allowed
    shown = call("GET", f"{path}?include-labels=true").json()
    assert shown["labels"]["results"] == [label]


def test_a_page_is_not_custom_content(call: Call) -> None:
    for part in ("", "/children", "/versions", "/labels"):
        assert call("GET", f"{V2}/{HOME}{part}").status_code == 404
    assert call("DELETE", f"{V2}/{HOME}").status_code == 404


def test_contents_of_a_page_are_trashed_with_it(call: Call, create: Create) -> None:
    page = call(
        "POST", "/api/v2/pages", json={"spaceId": SPACE_ID, "title": "P"}
    ).json()["id"]
    outer = create({**on_page(), "pageId": page})["id"]
    inner = create(customer(type=NOTE, spaceId=None, customContentId=outer))["id"]
    call("DELETE", f"/api/v2/pages/{page}")
    for content in (outer, inner):
        assert call("GET", f"{V2}/{content}").status_code == 404
        assert call("GET", f"{V2}/{content}?status=trashed").status_code == 404
    restored = {"title": "P", "status": "current", "version": {"number": 2}}
    assert call("PUT", f"/api/v2/pages/{page}", json=restored).status_code == 200
    for content in (outer, inner):
        assert call("GET", f"{V2}/{content}").status_code == 200


def test_contents_exist_while_their_type_is_declared(
    confluence: LocalConfluence, desk: Call, create: Create
) -> None:
    content = create(customer())["id"]
    contents = confluence.site.get(Wiki).contents
    viewer = confluence.site.get(Wiki).app_viewer("app")
    assert contents.find(viewer, content)
    assert desk(f"apps/{APP_KEY}/disable").status_code == 200
    assert contents.find(viewer, content) is None
    assert desk(f"apps/{APP_KEY}/enable").status_code == 200
    assert contents.find(viewer, content)


def test_comments_outlive_the_declaration_of_the_type(
    call: Call, app: FakeApp, desk: Call, create: Create
) -> None:
    comment = {"customContentId": create(customer())["id"], "body": STORAGE}
    said = call("POST", "/api/v2/footer-comments", json=comment).json()
    app.descriptor["modules"]["customContent"] = []
    assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
    assert call("GET", f"{V2}/{comment['customContentId']}").status_code == 404
    for path in (
        "/api/v2/footer-comments",
        "/rest/api/content/search?cql=type%3Dcomment",
    ):
        listed = call("GET", path).json()["results"]
        assert said["id"] in [each["id"] for each in listed]


def test_a_blocked_app_sees_nothing_of_its_contents(
    confluence: LocalConfluence, call: Call, create: Create
) -> None:
    content = create(customer())["id"]
    block(confluence.site, APP_KEY, "DS")
    assert call("GET", f"{V2}/{content}").status_code == 404
    assert ids(call("GET", f"{V2}?type={CUSTOMER}")) == []
    assert call("POST", V2, json=customer()).status_code == 404
