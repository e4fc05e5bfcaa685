"""The tables of documented operations, and lookups in them."""

from collections import Counter

import pytest

from devhost.rest import documented_operations
from devhost.rest.documented_operations import find_known


def test_the_tables_are_complete() -> None:
    rows = list(documented_operations._rows("rest_operations.csv"))
    assert len(rows) == 396
    assert Counter(row["api_version"] for row in rows) == {"1": 178, "2": 218}
    rules = Counter(row["access_rule"] for row in rows)
    assert rules == {"blocked": 270, "exempt": 121, "unknown": 5}
    assert len(list(documented_operations._rows("rest_scopes.csv"))) == 120


def test_no_operation_is_in_the_tables_twice() -> None:
    names = Counter(
        (each.method, documented_operations.PARAMETER.sub("{}", each.path))
        for each in documented_operations.known_operations()
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_operation_is_found_by_its_own_path() -> None:
    for each in documented_operations.known_operations():
        assert find_known(each.method, each.path) == each


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/rest/api/content/98421", "/rest/api/content/{id}"),
        ("GET", "/rest/api/content/98421/", "/rest/api/content/{id}"),
        ("GET", "/rest/api/content/search", "/rest/api/content/search"),
        (
            "GET",
            "/rest/api/content/1/child/attachment",
            "/rest/api/content/{id}/child/attachment",
        ),
        (
            "GET",
            "/rest/api/content/1/child/page",
            "/rest/api/content/{id}/child/{type}",
        ),
        (
            "GET",
            "/rest/api/content/1/property/a%2Fb",
            "/rest/api/content/{id}/property/{key}",
        ),
        ("DELETE", "/api/v2/pages/1", "/api/v2/pages/{id}"),
        ("GET", "/rest/api/content/1/no/such/thing", "/rest/api/content"),
        (
            "GET",
            "/download/attachments/1/a%20b.png",
            "/download/attachments/{id}/{fileName}",
        ),
        ("GET", "/download/attachments/1/2/3", "/download/attachments/.*"),
        (
            "GET",
            "/rest/prototype/latest/content/5/x",
            "/rest/prototype/{version}/content",
        ),
        (
            "PUT",
            "/rest/applinks/2.0/entitylink/primary",
            "/rest/applinks/{version}/entitylink/primary",
        ),
    ],
)
def test_the_most_specific_entry_wins(method: str, path: str, template: str) -> None:
    found = find_known(method, path)
    assert found is not None
    assert (found.method, found.path) == (method, template)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v2/pages/1"),
        ("GET", "/api/v2/pages//versions"),
        ("GET", "/api/v2/pages/1/nothing"),
        ("GET", "/rest/prototype/2/content"),
        ("GET", "/rest/prototype/1/contents"),
        ("GET", "/rest/applinks/2x0/entitylink"),
        ("GET", "/rest/api/contents"),
        ("GET", "/"),
        ("GET", ""),
    ],
)
def test_an_operation_in_no_table_is_not_found(method: str, path: str) -> None:
    assert find_known(method, path) is None
