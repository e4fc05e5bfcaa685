"""The checks before every operation, and the cost of pages in a large wiki."""

import re
from collections.abc import Callable

import pytest
import requests

from devhost.rest import operation_checks
from devhost.rest.errors import RestError
from devhost.rest.operations import Operation
from devhost.server import LocalConfluence

Call = Callable[..., requests.Response]
PARAMETER = re.compile(r"<(?:\w+:)?\w+>")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    seen: list[Operation] = []
    monkeypatch.setattr(operation_checks, "CHECKS", (seen.append,))
    return seen


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/rest/api/content/98421?expand=space", "/rest/api/content/{id}"),
        ("GET", "/rest/api/content/search?cql=id=1", "/rest/api/content/search"),
        (
            "GET",
            "/rest/api/content/98421/property/a%2Fb",
            "/rest/api/content/{id}/property/{key}",
        ),
        ("GET", "/api/v2/pages/98421", "/api/v2/pages/{id}"),
        (
            "GET",
            "/api/v2/pages/98421/properties/1",
            "/api/v2/pages/{page-id}/properties/{property-id}",
        ),
        ("DELETE", "/api/v2/pages/1", "/api/v2/pages/{id}"),
        (
            "GET",
            "/rest/atlassian-connect/1/addons/x/properties",
            "/rest/atlassian-connect/1/addons/{app_key}/properties",
        ),
        (
            "GET",
            "/download/attachments/98425/parts.svg",
            "/download/attachments/{id}/{fileName}",
        ),
    ],
)
def test_every_call_is_checked_by_its_template(
    call: Call, asked: list[Operation], method: str, path: str, template: str
) -> None:
    call(method, path)
    assert asked == [Operation(method, template)]


def test_unsupported_operations_are_checked_with_their_path(
    call: Call, asked: list[Operation]
) -> None:
    call("PATCH", "/api/v2/pages/98421")
    assert asked == [Operation("PATCH", "/api/v2/pages/98421", is_here=False)]


def test_a_check_refuses_in_the_shape_of_the_version(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(operation: Operation) -> None:
        if operation.method != "GET":
            raise RestError(403, f"{operation} is refused")

    monkeypatch.setattr(operation_checks, "CHECKS", (refuse,))
    assert call("GET", "/api/v2/pages/98421").status_code == 200
    second = call("DELETE", "/api/v2/pages/98421").json()["errors"][0]
    assert second["title"] == "DELETE /api/v2/pages/{id} is refused"
    first = call("DELETE", "/rest/api/content/98421").json()
    assert first["message"] == "DELETE /rest/api/content/{id} is refused"
    assert call("GET", "/api/v2/pages/98421").status_code == 200


def test_a_hidden_space_is_absent_from_lists_searches_and_single_answers(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hide(operation: Operation) -> frozenset[str]:
        spares = operation.path.startswith("/rest/api/space")
        return frozenset() if spares else frozenset({"65538"})

    monkeypatch.setattr(operation_checks, "HIDDEN_SPACES", (hide,))
    assert call("GET", "/api/v2/pages/98421").status_code == 404
    assert call("GET", "/rest/api/content/98421/label").status_code == 404
    assert call("GET", "/download/attachments/98425/parts.svg").status_code == 404
    pages = call("GET", "/api/v2/pages").json()["results"]
    assert pages
    assert all(each["spaceId"] != "65538" for each in pages)
    found = call("GET", "/rest/api/content/search?cql=title~welcome").json()
    assert found["totalSize"] == 0
    assert call("GET", "/rest/api/space/DS").status_code == 200


def test_every_operation_of_the_wiki_is_named_as_atlassian_names_it(
    confluence: LocalConfluence,
) -> None:
    rules = [
        rule
        for rule in confluence.web.url_map.iter_rules()
        if rule.rule.startswith(("/wiki/rest/api/", "/wiki/api/v2/"))
    ]
    assert len(rules) > 120
    for rule in rules:
        method, _, path = rule.endpoint.partition(".")[2].partition(" ")
        assert method in (rule.methods or ())
        assert PARAMETER.sub("{}", rule.rule) == "/wiki" + re.sub(
            r"{[\w-]+}", "{}", path
        )


# Ten thousand pages.


def steps_of(confluence: LocalConfluence, path: str) -> int:
    """Return how many hundreds of SQLite's own steps the host needs for a page."""
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1

    with confluence.site.state.transaction() as sql:
        sql.set_progress_handler(tick, 100)
    answer = requests.get(confluence.origin + path, timeout=20)
    with confluence.site.state.transaction() as sql:
        sql.set_progress_handler(None, 100)
    assert answer.status_code == 200
    return count


@pytest.mark.parametrize(
    "path",
    ["/wiki/", "/wiki/spaces/DS/pages/98421", "/wiki/spaces/HB", "/devhost/"],
)
def test_ten_thousand_pages_cost_a_page_of_the_host_nothing(
    confluence: LocalConfluence, path: str
) -> None:
    small = steps_of(confluence, path)
    with confluence.site.state.transaction() as sql:
        sql.executemany(
            "INSERT INTO content (type, status, space_id, title, parent_id, body,"
            " author_id, created_at, editor_id, modified_at) VALUES ('page',"
            " 'current', 65538, ?, 98421, '<p>body</p>', 'a', ?, 'a', ?)",
            [(f"Many {n:05}", n, n) for n in range(10_000)],
        )
    assert steps_of(confluence, path) < small + 60
