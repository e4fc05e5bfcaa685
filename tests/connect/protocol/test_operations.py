"""The tables of REST operations, and lookup of a call."""

import csv
from collections import Counter
from pathlib import Path

import devhost
import pytest
from devhost.access_rules.policy_events import TYPES
from devhost.rest.documented_operations import find_known

from app.connect.protocol import operations
from app.connect.protocol.access_rules import POLICY_EVENTS, access_rule
from app.connect.protocol.operations import (
    Operation,
    find_by_template,
    find_operation,
    known_part,
)
from app.connect.protocol.scopes import required_scopes

OWN = Path(operations.__file__).parent / "data"
HOST = Path(devhost.__file__).parent / "data"


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def operations_of_the_tables() -> list[Operation]:
    return [Operation(**row) for row in rows(OWN / "rest_operations.csv")]


def test_the_tables_are_whole() -> None:
    found = Counter(row["access_rule"] for row in rows(OWN / "rest_operations.csv"))
    assert found == {"blocked": 271, "exempt": 126, "unknown": 5}
    assert len(rows(OWN / "path_scopes.csv")) == 30


def test_app_and_local_confluence_have_the_same_facts() -> None:
    host = [*rows(HOST / "rest_operations.csv"), *rows(HOST / "connect_resources.csv")]
    names = ("method", "path", "connect_scope", "access_rule")
    facts = [tuple(row[name] for name in names) for row in host]
    own = [tuple(row.values()) for row in rows(OWN / "rest_operations.csv")]
    assert own == facts
    patterns = {
        (row["path_pattern"], row["versions"], row["method"]): row["scope"]
        for row in rows(HOST / "rest_scopes.csv")
    }
    assert {
        (row["path"], row["versions"], method): row[method]
        for row in rows(OWN / "path_scopes.csv")
        for method in ("GET", "POST", "PUT", "DELETE")
    } == patterns
    assert POLICY_EVENTS == set(TYPES)


def test_every_operation_is_found_by_its_own_template() -> None:
    assert len(operations_of_the_tables()) == 402
    for each in operations_of_the_tables():
        assert find_operation(each.method, each.path) == each
        assert find_by_template(each.method, each.path) == each


@pytest.mark.parametrize("form", ["{}", "/wiki{}", "https://x.atlassian.net/wiki{}"])
def test_every_documented_call_is_known_in_each_form(form: str) -> None:
    for each in operations_of_the_tables():
        url = form.format(each.path.replace("{", "1").replace("}", "")) + "?a=/b"
        rule = None if each.access_rule == "unknown" else each.access_rule
        assert required_scopes(each.method, url) == frozenset({each.scope}), url
        assert access_rule(each.method, url) == rule, url


def test_the_local_confluence_finds_the_same() -> None:
    """Two implementations, so that a mistake in one can't hide."""
    tables = (OWN / "rest_operations.csv", OWN / "path_scopes.csv")
    paths = {row["path"] for table in tables for row in rows(table)}
    paths |= {f"{path}/more/of/it" for path in paths} | {f"{path}/" for path in paths}
    for path in paths:
        called = path.replace("{version}", "1").replace("{", "1-").replace("}", "")
        called = called.replace(".*", "a/b")
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            own, host = find_operation(method, called), find_known(method, called)
            if host is None or host.scope == "N/A":
                assert own is None, (method, called)
            else:
                facts = (host.method, host.path, host.scope, host.access_rule)
                assert own == Operation(*facts), (method, called)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/rest/api/content/98421", "/rest/api/content/{id}"),
        ("/rest/api/content/98421/", "/rest/api/content/{id}"),
        ("/rest/api/content/search", "/rest/api/content/search"),
        ("/rest/api/%63ontent/se%61rch", "/rest/api/content/search"),
        ("/wiki/rest/api/content/1#part", "/rest/api/content/{id}"),
        (
            "/rest/api/content/1/child/attachment",
            "/rest/api/content/{id}/child/attachment",
        ),
        ("/rest/api/content/1/child/page", "/rest/api/content/{id}/child/{type}"),
        (
            "/rest/api/content/1/property/a%2Fb",
            "/rest/api/content/{id}/property/{key}",
        ),
        ("/rest/api/content/{/property/x", "/rest/api/content/{id}/property/{key}"),
        ("/rest/api/content/1/no/such/thing", "/rest/api/content"),
        ("/download/attachments/1/a%20b.png", "/download/attachments/{id}/{fileName}"),
        ("/download/attachments/1/2/3", "/download/attachments/.*"),
        ("/rest/prototype/latest/content/5/x", "/rest/prototype/{version}/content"),
        (
            "/rest/applinks/2.0/entitylink/primary",
            "/rest/applinks/{version}/entitylink/primary",
        ),
    ],
)
def test_the_most_specific_entry_counts(path: str, template: str) -> None:
    found = find_operation("get", path)
    assert found is not None
    assert str(found) == f"GET {template}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v2/pages/1"),
        ("GET", "/api/v2/pages//versions"),
        ("GET", "/api/v2/pages/1/nothing"),
        ("GET", "/wikipedia/api/v2/pages"),
        ("GET", "/rest/prototype/2/content"),
        ("GET", "/rest/prototype/1/contents"),
        ("GET", "/rest/applinks/2x0/entitylink"),
        ("GET", "/rest/api/contents"),
        ("GET", "/download/attachments"),
        ("POST", "/rest/prototype/1/space"),
        ("GET", "//rest/api/content"),
        ("GET", "rest/api/content"),
        ("GET", "https://example.atlassian.net"),
        ("GET", "/wiki"),
        ("GET", "/"),
        ("GET", ""),
    ],
)
def test_what_no_table_knows_is_not_found(method: str, path: str) -> None:
    assert required_scopes(method, path) is None
    assert access_rule(method, path) is None


def test_head_needs_what_get_needs() -> None:
    assert required_scopes("HEAD", "/rest/api/content/1") == frozenset({"READ"})
    assert access_rule("head", "/rest/api/content/1") == "blocked"


@pytest.mark.parametrize(
    ("method", "path", "scope", "rule"),
    [
        ("GET", "/rest/api/content/1", "READ", "blocked"),
        ("POST", "/rest/api/content", "WRITE", "blocked"),
        ("DELETE", "/api/v2/pages/1", "DELETE", "blocked"),
        ("GET", "/api/v2/spaces", "READ", "exempt"),
        ("GET", "/rest/api/audit", "INACCESSIBLE", "exempt"),
        ("GET", "/rest/api/user/email", "ACCESS_EMAIL_ADDRESSES", "exempt"),
        ("GET", "/rest/atlassian-connect/1/addons/a/properties", "NONE", "exempt"),
        ("GET", "/rest/atlassian-connect/1/addons/a", "READ", "exempt"),
        ("GET", "/rest/api/user/bulk/migration", "READ", None),
        ("GET", "/rest/mywork/1/task", "READ", None),
    ],
)
def test_scope_and_access_rule_of_a_call(
    method: str, path: str, scope: str, rule: str | None
) -> None:
    assert required_scopes(method, path) == frozenset({scope})
    assert access_rule(method, path) == rule


def test_of_jira_only_the_resources_of_connect_are_known() -> None:
    assert required_scopes("GET", "/rest/api/content/1", product="jira") is None
    assert access_rule("GET", "/rest/api/content/1", product="jira") is None
    license_ = "/rest/atlassian-connect/1/addons/com.example.app"
    assert required_scopes("GET", license_, product="jira") == frozenset({"READ"})
    assert access_rule("GET", license_, product="jira") == "exempt"


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/wiki/api/v2/pages/98421/versions?x=canary", "/api/v2/pages/..."),
        ("/rest/canary/api", "/rest/..."),
        ("/canary", "/..."),
        ("/rest/api/space/canary", "/rest/api/space/..."),
        ("https://canary.example/rest/api/group", "/rest/api/group"),
        ("canary", "/"),
    ],
)
def test_the_known_part_of_a_path_holds_nothing_of_a_customer(
    path: str, known: str
) -> None:
    assert known_part(path) == known
