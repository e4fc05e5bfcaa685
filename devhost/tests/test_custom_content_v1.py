"""Contents of an app's own types in REST version 1 and in CQL."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.wiki import Wiki, cql
from devhost.wiki.search import query_of
from tests.custom_app import (
    CUSTOMER,
    DATA,
    HOME,
    NOTE,
    V2,
    customer,
    serve_custom_app,
)
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
ROOT = "/rest/api/content"
NO_CHECK = {"X-Atlassian-Token": "no-check"}


@pytest.fixture
def app(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve_custom_app(confluence) as running:
        yield running


def content(**changes: Any) -> dict[str, Any]:
    body = {"storage": {"value": "<p>Zebra</p>", "representation": "storage"}}
    given = {"type": CUSTOMER, "title": "Acme", "space": {"key": "DS"}, "body": body}
    return {**given, **changes}


def create(call: Call, **changes: Any) -> str:
    answer = call("POST", ROOT, json=content(**changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def in_container(id: str, type: str, **changes: Any) -> dict[str, Any]:
    return content(type=type, container={"id": id, "type": "x"}, **changes)


def found(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["results"]]


def test_a_content_is_created_read_changed_and_deleted(call: Call) -> None:
    created = call("POST", ROOT, json=content()).json()
    assert (created["type"], created["container"]["key"]) == (CUSTOMER, "DS")
    assert created["body"]["storage"]["value"] == "<p>Zebra</p>"
    one = f"{ROOT}/{created['id']}"
    change = content(title="Changed", version={"number": 2})
    assert call("PUT", one, json=change).json()["version"]["number"] == 2
    read = call("GET", f"{one}?expand=body.view,operations").json()
    assert read["title"] == "Changed"
    assert read["body"]["view"]["value"] == "<p>Zebra</p>"
    assert {"operation": "delete", "targetType": CUSTOMER} in read["operations"]
    assert call("DELETE", one).status_code == 204
    assert call("GET", one).status_code == 404
    assert call("DELETE", f"{one}?status=trashed").status_code == 204
    assert call("GET", f"{one}?status=trashed").status_code == 404


def test_contents_are_listed_by_type_and_container(call: Call) -> None:
    in_space = create(call)
    in_page = create(call, container={"id": HOME, "type": "page"})
    assert found(call("GET", f"{ROOT}?type={CUSTOMER}&spaceKey=DS")) == [
        in_space,
        in_page,
    ]
    assert found(call("GET", f"{ROOT}?type={NOTE}&spaceKey=DS")) == []
    assert found(call("GET", f"{ROOT}/{HOME}/child/{CUSTOMER}")) == [in_page]
    assert found(call("GET", f"{ROOT}/{HOME}/descendant/{CUSTOMER}")) == [in_page]
    in_that_space = call("GET", f"/rest/api/space/DS/content/{CUSTOMER}")
    assert found(in_that_space) == [in_space, in_page]
    shown = call("GET", f"{ROOT}/{in_page}?expand=container").json()
    assert shown["container"]["id"] == HOME
    assert shown["_links"]["webui"] == f"/spaces/DS/custom-content/{in_page}"


@pytest.mark.parametrize(
    "path",
    [
        f"{ROOT}?type=ac:{APP_KEY}:nothing",
        f"{ROOT}/{HOME}/child/ac:{APP_KEY}:nothing",
        f"/rest/api/space/DS/content/ac:{APP_KEY}:nothing",
    ],
)
def test_a_type_that_no_app_declares_is_refused(call: Call, path: str) -> None:
    answer = call("GET", path)
    assert answer.status_code == 400
    assert "No enabled app declares" in answer.json()["message"]


def test_comments_and_files_are_where_the_type_allows_them(call: Call) -> None:
    parent = create(call)
    child = create(call, type=NOTE, container={"id": parent, "type": CUSTOMER})
    comment = {"type": "comment", "container": {"id": parent, "type": CUSTOMER}}
    said = call("POST", ROOT, json=content(**comment, title="Re:")).json()["id"]
    assert found(call("GET", f"{ROOT}/{parent}/child/comment")) == [said]
    files = {"file": ("a.txt", b"text")}
    path = f"{ROOT}/{parent}/child/attachment"
    (file,) = found(call("POST", path, files=files, headers=NO_CHECK))
    assert found(call("GET", f"{V2}/{parent}/attachments")) == [file]
    attached = call("GET", f"/api/v2/attachments/{file}").json()
    assert attached["customContentId"] == parent
    comment["container"]["id"] = child  # type: ignore[index]  # It is a dictionary.
    for answer in (
        call("POST", ROOT, json=content(**comment, title="Re:")),
        call("POST", f"{ROOT}/{child}/child/attachment", files=files, headers=NO_CHECK),
        call("PUT", f"{ROOT}/{child}/child/attachment", files=files, headers=NO_CHECK),
    ):
        assert answer.status_code == 400
        assert "do not name" in answer.json()["message"]


def test_a_raw_body_is_shown_raw_only(call: Call) -> None:
    raw = {"value": '{"a": "<b"}', "representation": "raw"}
    container = {"id": HOME, "type": "page"}
    made = create(call, type=DATA, body={"raw": raw}, container=container)
    shown = call("GET", f"{ROOT}/{made}?expand=body.raw,body.view").json()["body"]
    assert shown["raw"]["value"] == raw["value"]
    assert "view" not in shown
    wrong = content(type=DATA, container=container)
    assert call("POST", ROOT, json=wrong).status_code == 400
    strange = {"wiki": {"value": "h1", "representation": "wiki"}}
    assert call("POST", ROOT, json=content(body=strange)).status_code == 501


def test_a_content_does_not_move(call: Call) -> None:
    one = f"{ROOT}/{create(call)}"
    change = content(container={"id": HOME}, version={"number": 2})
    assert call("PUT", one, json=change).status_code == 501
    wrong = content(type=NOTE, version={"number": 2})
    assert call("PUT", one, json=wrong).status_code == 400


def test_cql_finds_what_is_indexed(call: Call) -> None:
    made = create(call)
    create(call, type=NOTE, container={"id": made, "type": CUSTOMER})

    def search(query: str) -> list[str]:
        return found(call("GET", f"{ROOT}/search?cql={quote(query)}"))

    assert search(f'type = "{CUSTOMER}"') == [made]
    assert search(f'type in (page, "{CUSTOMER.upper()}") and text ~ zebra') == [made]
    assert search("text ~ zebra") == [made]
    assert search(f'type = "{NOTE}"') == []
    assert search(f'type != "{CUSTOMER}" and text ~ zebra') == []
    answer = call("GET", f"/rest/api/search?cql={quote('text ~ zebra')}").json()
    assert answer["results"][0]["excerpt"] == "Zebra"


def test_cql_finds_nothing_of_an_app_that_is_disabled(
    confluence: LocalConfluence, call: Call, desk: Call
) -> None:
    create(call)
    wiki = confluence.site.get(Wiki)
    viewer = wiki.app_viewer("app")

    def count() -> int:
        query = query_of(cql.parse("text ~ zebra"), wiki.custom.types())
        return wiki.contents.count(viewer, query)

    assert count() == 1
    assert desk(f"apps/{APP_KEY}/disable").status_code == 200
    assert count() == 0


def test_a_dynamic_module_declares_a_type(call: Call) -> None:
    module = {
        "key": "made",
        "name": {"value": "Made"},
        "apiSupport": {"supportedContainerTypes": ["space"]},
    }
    body = customer(type=f"ac:{APP_KEY}:made")
    assert call("POST", V2, json=body).status_code == 400
    path = "/rest/atlassian-connect/1/app/module/dynamic"
    answer = call("POST", path, json={"customContent": [module]})
    assert answer.status_code == 200, answer.text
    assert call("POST", V2, json=body).status_code == 201
