"""REST version 1 as an app calls it, and as a person through an app's page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER, SPACE_ADMINISTRATOR
from tests.fake_app import APP_KEY, FakeApp

Call = Callable[..., requests.Response]
CONTENT = "/rest/api/content"
HOME = f"{CONTENT}/98421"
UPLOAD = {"X-Atlassian-Token": "no-check"}


@pytest.fixture
def as_user(confluence: LocalConfluence, installed: FakeApp, desk: Call) -> Call:
    """Call as a person through the app's page: ``as_user("admin", "GET", ...)``."""

    def send(name: str, method: str, path: str, **options: Any) -> requests.Response:
        assert desk("user", user=name).status_code == 200
        headers = {
            "X-Devhost-Session": confluence.site.session_token,
            "AP-Client-Key": APP_KEY,
        }
        url = confluence.base_url + path
        return requests.request(method, url, headers=headers, timeout=30, **options)

    return send


def new_page(**changes: Any) -> dict[str, Any]:
    return {
        "type": "page",
        "title": "New page",
        "space": {"key": "DS"},
        "body": {"storage": {"value": "<p>Hi</p>", "representation": "storage"}},
        "ancestors": [{"id": "98421"}],
        **changes,
    }


def message(answer: requests.Response) -> str:
    body = answer.json()
    assert body["statusCode"] == answer.status_code
    assert body["data"]["errors"][0]["message"]["translation"] == body["message"]
    return str(body["message"])


def test_a_page_is_created_read_changed_and_deleted(call: Call) -> None:
    created = call("POST", CONTENT, json=new_page()).json()
    path = f"{CONTENT}/{created['id']}"
    assert created["body"]["storage"]["value"] == "<p>Hi</p>"
    assert [each["id"] for each in created["ancestors"]] == ["98421"]
    assert created["history"]["createdBy"]["accountType"] == "app"
    change = {"type": "page", "title": "Changed", "version": {"number": 2}}
    changed = call("PUT", path, json=change).json()
    assert (changed["title"], changed["version"]["number"]) == ("Changed", 2)
    assert changed["body"]["storage"]["value"] == "<p>Hi</p>"
    assert call("GET", f"{path}?version=1").json()["title"] == "New page"
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert call("GET", f"{path}?status=trashed").json()["status"] == "trashed"
    back = {**change, "status": "current", "version": {"number": 3}}
    assert call("PUT", path, json=back).json()["status"] == "current"
    assert call("DELETE", path).status_code == 204
    assert call("DELETE", f"{path}?status=trashed").status_code == 204
    assert call("GET", f"{path}?status=any").status_code == 404


def test_unexpanded_parts_are_only_named(call: Call) -> None:
    plain = call("GET", f"{HOME}?expand=").json()
    assert "body" not in plain
    assert plain["_expandable"]["body"] == ""
    path = (
        f"{HOME}?expand=body.storage,body.view,metadata.labels,metadata.properties."
        "reviewed,children.page,children.comment.version,operations,history.lastUpdated"
        ",history.previousVersion,space.homepage,container"
    )
    full = call("GET", path).json()
    assert full["body"]["storage"]["value"].startswith("<p>This wiki")
    assert 'class="panel panel-info"' in full["body"]["view"]["value"]
    labels = full["metadata"]["labels"]["results"]
    assert [each["name"] for each in labels] == ["getting-started", "welcome"]
    reviewed = full["metadata"]["properties"]["reviewed"]
    assert reviewed["value"]["by"] == "Ada Admin"
    assert full["children"]["page"]["size"] == 2
    assert full["children"]["comment"]["results"][0]["version"]["number"] == 1
    assert {"operation": "update", "targetType": "page"} in full["operations"]
    assert full["history"]["lastUpdated"]["number"] == 3
    assert full["history"]["previousVersion"]["number"] == 2
    assert full["space"]["homepage"]["id"] == "98421"
    assert full["container"]["key"] == "DS"
    assert full["_expandable"]["version"] == ""


def test_a_list_is_read_in_parts(call: Call) -> None:
    ids, path = [], f"{CONTENT}?spaceKey=DS&limit=3&expand=version"
    while path:
        part = call("GET", path).json()
        assert part["size"] == len(part["results"]) <= 3
        ids += [each["id"] for each in part["results"]]
        path = part["_links"].get("next")
    assert len(ids) == len(set(ids)) == 4
    one = call("GET", f"{CONTENT}?title={quote('Formatting examples')}").json()
    assert [each["title"] for each in one["results"]] == ["Formatting examples"]
    posts = call("GET", f"{CONTENT}?type=blogpost").json()
    assert posts["size"] == 3


@pytest.mark.parametrize("query", ["start=-1", "start=x", "limit=x", "limit=9" * 9])
def test_an_invalid_start_or_limit_is_refused(call: Call, query: str) -> None:
    assert "must be a number" in message(call("GET", f"{CONTENT}?{query}"))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"version": {"number": 3}}, 409),
        ({"version": {"number": 5}}, 409),
        ({"version": {}}, 400),
        ({"version": {"number": "4"}}, 400),
        ({"version": {"number": True}}, 400),
        ({"type": "blogpost"}, 400),
        ({"title": ""}, 400),
        ({"title": 5, "version": {"number": 4}}, 200),
        ({"title": "Formatting examples"}, 400),
        ({"title": []}, 400),
        ({"body": {"storage": {"value": "<p>"}}}, 400),
        ({"body": {"wiki": {"value": "x", "representation": "wiki"}}}, 501),
        ({"body": []}, 400),
        ({"ancestors": [{"id": "98421"}]}, 400),
        ({"ancestors": [{"id": "1"}]}, 404),
        ({"ancestors": "x"}, 400),
        ({"status": "archived"}, 400),
        ({}, 200),
    ],
)
def test_a_change_is_checked(call: Call, changes: dict[str, Any], status: int) -> None:
    good = {"type": "page", "title": "Other", "version": {"number": 4}}
    answer = call("PUT", HOME, json={**good, **changes})
    assert answer.status_code == status, answer.text
    if status != 200:
        assert message(answer)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"type": "database"}, 501),
        ({"type": None}, 400),
        ({"title": None}, 400),
        ({"title": "Formatting examples"}, 400),
        ({"space": {"key": "NONE"}}, 404),
        ({"space": "DS"}, 400),
        ({"ancestors": [{"id": "98431"}]}, 400),
        ({"type": "comment", "container": {"id": "1"}}, 404),
        ({"type": "comment"}, 400),
        ({"ancestors": {"id": "98421"}}, 400),
        ({"ancestors": ["98421"]}, 400),
        ({"body": "<p/>"}, 400),
        ({"type": "blogpost", "title": "Formatting examples"}, 200),
    ],
)
def test_a_new_content_is_checked(
    call: Call, changes: dict[str, Any], status: int
) -> None:
    answer = call("POST", CONTENT, json=new_page(**changes))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"title":"\\ud800"}', b"NaN", b"[" * 5000]
)
def test_a_body_that_is_not_an_object_is_refused(call: Call, body: bytes) -> None:
    assert message(call("POST", CONTENT, data=body))


@pytest.mark.parametrize(
    "identifier", ["1", "x", "-1", "9" * 40, "%FF", "..%2F..", "att98421", "98421%00"]
)
def test_an_unknown_content_is_not_found(call: Call, identifier: str) -> None:
    answer = call("GET", f"{CONTENT}/{identifier}")
    assert answer.status_code == (400 if identifier == "%FF" else 404)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ("", 200),
        ("type=blogpost&status=any", 200),
        ("orderby=title", 501),
        ("type=whiteboard", 501),
        ("status=archived", 501),
        ("spaceKey=NONE", 404),
    ],
)
def test_an_unsupported_list_is_refused(
    call: Call, parameters: str, status: int
) -> None:
    assert call("GET", f"{CONTENT}?{parameters}").status_code == status


def test_a_comment_is_below_a_content_and_its_own_thread(call: Call) -> None:
    other = call("POST", CONTENT, json=new_page()).json()["id"]
    good = new_page(type="comment", container={"id": "98421"}, ancestors=[])
    comment = call("POST", CONTENT, json=good).json()["id"]
    for change in (
        {"container": {"id": comment}},
        {"container": {"id": other}, "ancestors": [{"id": comment}]},
    ):
        assert call("POST", CONTENT, json={**good, **change}).status_code == 400
    inline = {**good, "extensions": {"location": "inline"}}
    assert call("POST", CONTENT, json=inline).status_code == 501
    reply = {**good, "ancestors": [{"id": comment}]}
    assert call("POST", CONTENT, json=reply).status_code == 200


def test_a_content_keeps_its_type_and_only_pages_move(call: Call) -> None:
    created = call("POST", CONTENT, json=new_page()).json()["id"]
    change = {"version": {"number": 2}, "title": "Changed", "type": "blogpost"}
    path = f"{CONTENT}/{created}"
    assert call("PUT", path, json=change).status_code == 400
    assert call("PUT", path, json={**change, "type": "page"}).status_code == 200
    post = call("POST", CONTENT, json=new_page(type="blogpost", ancestors=[])).json()
    move = "/move/append/98421"
    assert call("PUT", f"{CONTENT}/{post['id']}{move}").status_code == 400
    assert call("PUT", path + move).status_code == 200


def test_comments_are_threads(call: Call) -> None:
    comment = new_page(type="comment", container={"id": "98421"}, ancestors=[])
    first = call("POST", CONTENT, json=comment).json()
    reply = {**comment, "ancestors": [{"id": first["id"]}]}
    second = call("POST", CONTENT, json=reply).json()
    root = call("GET", f"{HOME}/child/comment").json()["results"]
    assert first["id"] in [each["id"] for each in root]
    assert second["id"] not in [each["id"] for each in root]
    below = call("GET", f"{CONTENT}/{first['id']}/child/comment").json()["results"]
    assert [each["id"] for each in below] == [second["id"]]
    every = call("GET", f"{HOME}/descendant/comment").json()
    assert every["size"] == 4
    assert call("DELETE", f"{CONTENT}/{first['id']}").status_code == 204
    assert call("GET", f"{CONTENT}/{second['id']}").status_code == 404


def test_children_descendants_and_moves(call: Call) -> None:
    def titles(path: str) -> list[str]:
        return [each["title"] for each in call("GET", path).json()["results"]]

    first, second = "Formatting examples", "Page with attachments"
    assert titles(f"{HOME}/child/page") == [first, second]
    assert titles(f"{HOME}/descendant/page") == [first, second, "A page below a page"]
    assert call("PUT", f"{CONTENT}/98425/move/before/98424").json() == {
        "pageId": "98425"
    }
    assert titles(f"{HOME}/child/page") == [second, first]
    assert call("PUT", f"{CONTENT}/98424/move/append/98428").status_code == 400
    assert call("GET", f"{HOME}/child/whiteboard").status_code == 501
    assert call("GET", f"{HOME}/child?expand=page").json()["page"]["size"] == 2


def test_labels_are_added_listed_and_removed(call: Call) -> None:
    root = f"{HOME}/label"
    body = [{"prefix": "global", "name": "New"}, {"name": "a/b"}]
    names = [each["name"] for each in call("POST", root, json=body).json()["results"]]
    assert names == ["a/b", "getting-started", "new", "welcome"]
    assert call("DELETE", f"{root}/new").status_code == 204
    assert call("DELETE", f"{root}/new").status_code == 404
    assert call("DELETE", f"{root}?name=a/b").status_code == 204
    assert call("GET", root).json()["size"] == 2
    for bad in (
        {},
        [{"name": 5}],
        ["x"],
        [{"name": "a b"}],
        {"name": "a", "prefix": 1},
    ):
        assert call("POST", root, json=bad).status_code == 400


@pytest.mark.parametrize("root", [f"{HOME}/property", "/rest/api/space/DS/property"])
def test_properties_have_versions(call: Call, root: str) -> None:
    created = call("POST", root, json={"key": "a/b c", "value": {"x": [1]}})
    assert created.json()["version"]["number"] == 1
    one = f"{root}/{quote('a/b c', safe='')}"
    assert call("POST", root, json={"key": "a/b c", "value": 2}).status_code == 409
    assert call("GET", one).json()["value"] == {"x": [1]}
    changed = {"value": 2, "version": {"number": 2}}
    assert call("PUT", one, json=changed).json()["value"] == 2
    assert call("PUT", one, json=changed).status_code == 409
    assert call("PUT", one, json={"value": 2}).status_code == 400
    assert call("PUT", f"{root}/other", json={"value": None}).json()["value"] is None
    assert call("PUT", f"{root}/third", json={}).status_code == 400
    assert call("DELETE", one).status_code == 204
    assert call("GET", one).status_code == 404
    big = {"key": "big", "value": "x" * 33_000}
    assert call("POST", root, json=big).status_code == 400


def test_files_are_uploaded_and_downloaded(
    confluence: LocalConfluence, call: Call
) -> None:
    root = f"{HOME}/child/attachment"
    file = {"file": ("né w.html", b"<script>1</script>", "text/html")}
    form = {"comment": "first"}
    answer = call("POST", root, files=file, data=form, headers=UPLOAD)
    (added,) = answer.json()["results"]
    assert added["id"].startswith("att")
    assert added["extensions"]["fileSize"] == 18
    assert added["extensions"]["comment"] == "first"
    assert call("POST", root, files=file).status_code == 403
    assert call("POST", root, files=file, headers=UPLOAD).status_code == 400
    assert call("POST", root, headers=UPLOAD).status_code == 400
    newer = {"file": ("né w.html", b"two", "text/html")}
    (updated,) = call("PUT", root, files=newer, headers=UPLOAD).json()["results"]
    assert (updated["id"], updated["version"]["number"]) == (added["id"], 2)
    data = f"{root}/{added['id']}/data"
    third = call("POST", data, files=newer, headers=UPLOAD)
    assert third.json()["version"]["number"] == 3
    old = call("GET", added["_links"]["download"])
    assert old.content == b"<script>1</script>"
    assert old.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in old.headers["Content-Security-Policy"]
    browser = requests.get(
        confluence.base_url + updated["_links"]["download"], timeout=30
    )
    assert browser.content == b"two"
    led = call("GET", f"{root}/{added['id']}/download", allow_redirects=False)
    assert led.status_code == 302
    assert led.headers["Location"].startswith(f"{confluence.base_url}/download/")
    listed = call("GET", f"{root}?expand=metadata").json()["results"]
    assert [each["metadata"]["mediaType"] for each in listed] == ["text/html"]


def test_a_file_can_be_larger_than_other_bodies(call: Call) -> None:
    file = {"file": ("big.bin", b"x" * 2_000_000)}
    root = f"{HOME}/child/attachment"
    assert call("POST", root, files=file, headers=UPLOAD).status_code == 200


def test_a_macro_is_read_by_its_id(call: Call) -> None:
    macro = (
        '<ac:structured-macro ac:name="poll" ac:macro-id="m-1"><ac:parameter'
        ' ac:name="a">1</ac:parameter><ac:plain-text-body><![CDATA[x<y]]>'
        "</ac:plain-text-body></ac:structured-macro>"
    )
    body = {"storage": {"value": macro, "representation": "storage"}}
    page = call("POST", CONTENT, json=new_page(body=body)).json()
    path = f"{CONTENT}/{page['id']}/history/1/macro/id"
    assert call("GET", f"{path}/m-1").json() == {
        "name": "poll",
        "body": "x<y",
        "parameters": {"a": {"value": "1"}},
    }
    assert call("GET", f"{path}/m-2").status_code == 404


def test_versions_and_history(call: Call) -> None:
    numbers = [v["number"] for v in call("GET", f"{HOME}/version").json()["results"]]
    assert numbers == [3, 2, 1]
    one = call("GET", f"{HOME}/version/1?expand=content.body.storage").json()
    assert one["content"]["body"]["storage"]["value"] == "<p>Welcome.</p>"
    assert call("GET", f"{HOME}/version/9").status_code == 404
    assert call("GET", f"{HOME}/version/x").status_code == 400
    assert call("GET", f"{HOME}/history").json()["latest"] is True


def test_a_search_finds_what_the_caller_can_see(call: Call, as_user: Call) -> None:
    path = f"{CONTENT}/search?cql={quote('title ~ home order by title')}"
    assert call("GET", path).json()["totalSize"] == 3
    assert as_user("user", "GET", path).json()["totalSize"] == 2
    assert as_user("anonymous", "GET", path).json()["totalSize"] == 0
    parts = call("GET", f"{path}&limit=2").json()
    assert parts["size"] == 2
    rest = call("GET", parts["_links"]["next"]).json()
    assert [each["title"] for each in rest["results"]] == ["Team Handbook Home"]
    result = call("GET", f"/rest/api/search?cql={quote('text ~ idempotent')}").json()
    (found,) = result["results"]
    assert (found["title"], found["entityType"]) == ("Architecture", "content")
    assert "Three services" in found["excerpt"]


@pytest.mark.parametrize(
    ("cql", "status"),
    [("", 400), ("x = y", 400), ("macro = toc", 501), ("text ~ *", 400)],
)
def test_an_invalid_query_is_refused(call: Call, cql: str, status: int) -> None:
    answer = call("GET", f"{CONTENT}/search?cql={quote(cql)}")
    assert answer.status_code == status
    assert message(answer)


def test_spaces_are_listed_created_and_changed(call: Call, as_user: Call) -> None:
    keys = [each["key"] for each in call("GET", "/rest/api/space").json()["results"]]
    assert keys == ["DS", "HB", "ORC", "LEAD"]
    mine = as_user("user", "GET", "/rest/api/space?spaceKey=DS,LEAD").json()
    assert [each["key"] for each in mine["results"]] == ["DS"]
    body = {"key": "NEW", "name": "New"}
    assert as_user("user", "POST", "/rest/api/space", json=body).status_code == 200
    assert call("POST", "/rest/api/space", json=body).status_code == 400
    bad = {"key": "N-W", "name": "x"}
    assert call("POST", "/rest/api/space", json=bad).status_code == 400
    path = "/rest/api/space/NEW"
    change = {"name": "Newer", "description": {"plain": {"value": "d"}}}
    assert as_user("space-admin", "PUT", path, json=change).status_code == 403
    assert as_user("user", "PUT", path, json=change).json()["name"] == "Newer"
    assert as_user("anonymous", "GET", path).status_code == 404
    assert call("DELETE", path).status_code == 501
    pages = call("GET", "/rest/api/space/DS/content/page?limit=2").json()
    assert pages["_links"]["next"].startswith("/rest/api/space/DS/content/page?")
    assert call("GET", "/rest/api/space/DS/content").json()["blogpost"]["size"] == 1


def test_groups_have_members(call: Call, as_user: Call) -> None:
    groups = {
        g["name"]: g["id"] for g in call("GET", "/rest/api/group").json()["results"]
    }
    assert set(groups) == {"confluence-users", "confluence-admins", "technical-writers"}
    path = f"/rest/api/group/{groups['confluence-admins']}/membersByGroupId"
    (member,) = call("GET", path).json()["results"]
    assert member["accountId"] == ADMINISTRATOR.account_id
    path = f"/rest/api/user/memberof?accountId={SPACE_ADMINISTRATOR.account_id}"
    assert call("GET", path).json()["size"] == 2
    assert call("GET", "/rest/api/group/by-name?name=nobody").status_code == 404
    assert call("GET", "/rest/api/group/picker?query=adm").json()["size"] == 1
    assert as_user("anonymous", "GET", "/rest/api/group").status_code == 403


@pytest.mark.parametrize(
    ("subject", "operation", "may"),
    [
        (ADMINISTRATOR.account_id, "purge", True),
        (SPACE_ADMINISTRATOR.account_id, "administer", True),
        (ORDINARY_USER.account_id, "update", True),
        (ORDINARY_USER.account_id, "administer", False),
        ("", "read", True),
        ("", "update", False),
    ],
)
def test_a_permission_is_checked(
    call: Call, subject: str, operation: str, may: bool
) -> None:
    body = {"subject": {"type": "user", "identifier": subject}, "operation": operation}
    answer = call("POST", f"{HOME}/permission/check", json=body)
    assert answer.json() == {"hasPermission": may, "errors": []}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"operation": "fly"}, 400),
        ({"operation": None}, 400),
        ({"subject": {"type": "user", "identifier": "nobody"}}, 404),
        ({"subject": {"type": "robot", "identifier": "x"}}, 400),
        ({"subject": {"type": "group", "identifier": "nobody"}}, 404),
        ({"subject": {"type": "group", "identifier": "confluence-users"}}, 200),
        ({"subject": None}, 400),
    ],
)
def test_an_invalid_permission_check_is_refused(
    call: Call, changes: dict[str, Any], status: int
) -> None:
    subject = {"type": "user", "identifier": ADMINISTRATOR.account_id}
    body = {"subject": subject, "operation": "read", **changes}
    assert call("POST", f"{HOME}/permission/check", json=body).status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("user", 200), ("anonymous", 403)]
)
def test_a_person_writes_as_far_as_permitted(
    as_user: Call, name: str, status: int
) -> None:
    answer = as_user(name, "POST", CONTENT, json=new_page())
    assert answer.status_code == status
    hidden = as_user(name, "GET", f"{CONTENT}?spaceKey=LEAD")
    assert hidden.status_code == (200 if name == "admin" else 404)


def test_a_body_is_converted(call: Call) -> None:
    body = {"value": "<script>x</script><p>a</p>", "representation": "storage"}
    path = "/rest/api/contentbody/convert"
    assert call("POST", f"{path}/view", json=body).json()["value"] == "<p>a</p>"
    assert call("POST", f"{path}/editor", json=body).status_code == 501
