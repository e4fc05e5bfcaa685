"""Permission checks on a site of Jira: asked in Jira's own way, and as strictly."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from flask import Flask

from app.connect import (
    admin_required,
    check,
    context_jwt_required,
    jwt_required,
    permission_required,
)
from tests import installing, signing
from tests.connect.outbound.host import JIRA_SITE, assert_signed

CHECK = f"{JIRA_SITE}/rest/api/3/permissions/check"
HERE = {"jira": {"issue": {"id": "10001", "key": "EX-1"}, "project": {"id": 7}}}
GRANTED: dict[str, Any] = {
    "/admin": {"globalPermissions": ["ADMINISTER"], "projectPermissions": []},
    "/issue": {
        "globalPermissions": [],
        "projectPermissions": [
            {"permission": "EDIT_ISSUES", "issues": [10001], "projects": []}
        ],
    },
    "/project": {
        "globalPermissions": [],
        "projectPermissions": [
            {"permission": "BROWSE_PROJECTS", "issues": [], "projects": [7]}
        ],
    },
}
ASKED: dict[str, Any] = {
    "/admin": {"globalPermissions": ["ADMINISTER"]},
    "/issue": {
        "projectPermissions": [{"permissions": ["EDIT_ISSUES"], "issues": [10001]}]
    },
    "/project": {
        "projectPermissions": [{"permissions": ["BROWSE_PROJECTS"], "projects": [7]}]
    },
}
Ask = Callable[..., Any]


@pytest.fixture
def ask(app: Flask, request: pytest.FixtureRequest) -> Ask:
    """Call a view that requires a permission, on a site of Jira or of *product*."""
    edit = permission_required(issue="EDIT_ISSUES")
    browse = permission_required(project="BROWSE_PROJECTS")
    read = permission_required(content="read")
    for path, restrict in (
        ("/admin", admin_required),
        ("/issue", edit),
        ("/project", browse),
        ("/content", read),
    ):
        view = jwt_required(restrict(lambda: "let in"))
        app.add_url_rule(path, path, view)
    by_argument = permission_required(issue="EDIT_ISSUES", of="id")(lambda id: id)
    app.add_url_rule("/issues/<id>", "issues", context_jwt_required(by_argument))
    check(app)
    client = app.test_client()
    installed: list[str] = []

    def ask(path: str, *, product: str = "jira", **claims: Any) -> Any:
        if product not in installed:
            installing.install(
                app, productType=product, baseUrl=JIRA_SITE, displayUrl=JIRA_SITE
            )
            installed.append(product)
        claims = {"context": HERE, **claims}
        token = signing.host_token("GET", path, **claims)
        if path.startswith("/issues/"):
            token = signing.context_token(**claims)
        return client.get(path, headers=signing.authorization(token))

    return ask


@pytest.mark.parametrize("path", GRANTED)
def test_jira_is_asked_about_the_user_of_the_token(
    ask: Ask, network: responses.RequestsMock, path: str
) -> None:
    network.post(CHECK, json=GRANTED[path])
    assert ask(path).text == "let in"
    [call] = network.calls
    assert_signed(call.request, base_url=JIRA_SITE)
    asked = json.loads(call.request.body or "")
    assert asked == {"accountId": signing.ACCOUNT_ID} | ASKED[path]


def test_the_issue_may_be_named_by_the_view(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=GRANTED["/issue"])
    assert ask("/issues/10001", context={}).text == "10001"
    # Granted for another issue.
    assert ask("/issues/10002", context={}).status_code == 403
    assert ask("/issues/EX-1", context={}).status_code == 403
    assert len(network.calls) == 2


@pytest.mark.parametrize("path", GRANTED)
@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"globalPermissions": [], "projectPermissions": []},
        {"globalPermissions": "ADMINISTER", "projectPermissions": "EDIT_ISSUES"},
        {"globalPermissions": [["ADMINISTER"]], "projectPermissions": ["EDIT_ISSUES"]},
        {"globalPermissions": ["BULK_CHANGE"], "projectPermissions": [None]},
        {
            "projectPermissions": [
                {"permission": "EDIT_ISSUES", "issues": [], "projects": [10001]},
                {"permission": "DELETE_ISSUES", "issues": [10001], "projects": [7]},
                {"permission": "EDIT_ISSUES", "issues": ["10001"]},
                {"permission": "EDIT_ISSUES", "issues": 10001},
                {"permission": "BROWSE_PROJECTS", "issues": [7]},
            ]
        },
    ],
)
def test_a_user_without_the_permission_is_refused(
    ask: Ask, network: responses.RequestsMock, path: str, answer: Any
) -> None:
    network.post(CHECK, json=answer)
    refused = ask(path)
    assert (refused.status_code, refused.json) == (403, {"error": "forbidden"})


@pytest.mark.parametrize("path", GRANTED)
@pytest.mark.parametrize(
    "answer",
    [
        *({"status": status} for status in (201, 302, 400, 401, 403, 404, 500)),
        {"body": requests.ConnectionError("away")},
        {"body": "<html>"},
    ],
    ids=str,
)
def test_everybody_is_refused_while_jira_cannot_say(
    ask: Ask, network: responses.RequestsMock, path: str, answer: dict[str, Any]
) -> None:
    if "body" not in answer:
        answer = {"json": GRANTED[path], **answer}
    network.post(CHECK, **answer)
    refused = ask(path)
    assert (refused.status_code, refused.json) == (503, {"error": "host_unavailable"})


@pytest.mark.parametrize("path", GRANTED)
def test_an_anonymous_user_is_refused_without_a_question(
    ask: Ask, network: responses.RequestsMock, path: str
) -> None:
    assert ask(path, sub=signing.MISSING).status_code == 403


@pytest.mark.parametrize("path", ["/issue", "/project"])
@pytest.mark.parametrize(
    "context",
    [
        {},
        {"jira": None},
        {"jira": {"issue": "1", "project": [7]}},
        {"jira": {"issue": {"id": True}, "project": {"id": True}}},
        {"jira": {"issue": {"id": "1/2"}, "project": {"id": "-7"}}},
        {"jira": {"issue": {"key": "EX-1"}, "project": {"key": "EX"}}},
        {"confluence": {"issue": {"id": 1}, "project": {"id": 1}}},
    ],
    ids=str,
)
def test_a_context_without_the_id_is_refused(
    ask: Ask, network: responses.RequestsMock, path: str, context: dict[str, Any]
) -> None:
    assert ask(path, context=context).status_code == 403


@pytest.mark.parametrize(
    ("path", "product"),
    [
        ("/content", "jira"),
        ("/issue", "confluence"),
        ("/project", "confluence"),
        ("/admin", "bamboo"),
        ("/issue", "bamboo"),
    ],
)
def test_a_permission_of_another_product_is_refused_without_a_question(
    ask: Ask, network: responses.RequestsMock, path: str, product: str
) -> None:
    context = {**HERE, "confluence": {"content": {"id": "5"}}}
    assert ask(path, product=product, context=context).status_code == 403


def test_the_answers_about_an_issue_and_a_project_are_kept_apart(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=GRANTED["/issue"])
    assert ask("/issue").status_code == ask("/issue").status_code == 200
    assert len(network.calls) == 1
    same = {"jira": {"issue": {"id": 7}, "project": {"id": 10001}}}
    assert ask("/project", context=same).status_code == 403
    assert len(network.calls) == 2
