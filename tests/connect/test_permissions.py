"""Permission checks ask the host, and fail closed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from werkzeug.test import TestResponse

from app.connect import check, context_jwt_required, jwt_required, permission_required
from app.connect.errors import PermissionDeniedError
from app.connect.tenants.models import Tenant
from tests import signing
from tests.async_views import run_in_thread
from tests.connect.outbound.host import assert_signed

CONTENT = f"{signing.SITE}/rest/api/content"
CHECK = f"{CONTENT}/98421/permission/check"
HERE = {"confluence": {"content": {"id": "98421"}}}
YES = {"hasPermission": True, "errors": []}
Ask = Callable[..., Any]


@pytest.fixture
def ask(app: Flask, request: pytest.FixtureRequest) -> Ask:
    """Call a view that requires permission to read its content."""

    @app.get("/notes/<page_id>")
    @context_jwt_required
    @permission_required(content="read", of="page_id")
    def notes(page_id: str) -> str:
        return f"notes of {page_id}"

    @app.get("/numbered/<int:page_id>")
    @context_jwt_required
    @permission_required(content="update", of="page_id")
    def numbered(page_id: int) -> str:
        return f"notes of {page_id}"

    @app.get("/here")
    @jwt_required
    @permission_required(content="read")
    def here() -> str:
        return "notes of this page"

    check(app)
    # Flask adds no routes after the first request.
    request.getfixturevalue("tenant")
    client = app.test_client()

    def ask(path: str, **claims: Any) -> Any:
        token = signing.context_token(**claims)
        if path == "/here":
            token = signing.host_token("GET", path, **claims)
        return client.get(path, headers=signing.authorization(token))

    return ask


def test_the_host_is_asked_about_the_user_of_the_token(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=YES)
    answer = ask("/notes/98421")
    assert (answer.status_code, answer.text) == (200, "notes of 98421")
    [call] = network.calls
    assert_signed(call.request)
    assert call.request.headers["X-Atlassian-Token"] == "no-check"
    assert json.loads(call.request.body or "") == {
        "subject": {"type": "user", "identifier": signing.ACCOUNT_ID},
        "operation": "read",
    }


def test_a_number_is_a_content_id_too(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=YES)
    assert ask("/numbered/98421").status_code == 200
    assert json.loads(network.calls[0].request.body or "")["operation"] == "update"


def test_the_content_may_be_the_one_of_the_context(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=YES)
    assert ask("/here", context=HERE).text == "notes of this page"


@pytest.mark.parametrize(
    "content_id",
    [
        pytest.param("../user", id="path"),
        pytest.param("1/../2", id="path between numbers"),
        pytest.param("..%2f2", id="encoded path"),
        pytest.param("1?x=y", id="query"),
        pytest.param("1#", id="fragment"),
        pytest.param("1 ", id="blank"),
        pytest.param("1\n", id="line"),
        pytest.param("", id="empty"),
        pytest.param("-1", id="negative"),
        pytest.param("٣", id="other digits"),
        pytest.param("9" * 21, id="too long"),
        pytest.param(None, id="null"),
        pytest.param(True, id="true"),
        pytest.param(1.5, id="fraction"),
        pytest.param([1], id="array"),
    ],
)
def test_a_malformed_content_id_is_not_put_into_a_path(
    ask: Ask, network: responses.RequestsMock, content_id: Any
) -> None:
    context = {"confluence": {"content": {"id": content_id}}}
    answer = ask("/here", context=context)
    assert (answer.status_code, answer.json) == (403, {"error": "forbidden"})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"confluence": None},
        {"confluence": {"content": "x"}},
        {"confluence": {"space": {"id": "1"}}},
    ],
    ids=str,
)
def test_a_context_without_content_is_refused(
    ask: Ask, network: responses.RequestsMock, context: dict[str, Any]
) -> None:
    assert ask("/here", context=context).status_code == 403


def test_an_argument_that_is_no_content_id_is_refused(
    ask: Ask, network: responses.RequestsMock
) -> None:
    assert ask("/notes/x").status_code == 403


def test_an_anonymous_user_is_refused_without_a_question(
    ask: Ask, network: responses.RequestsMock
) -> None:
    assert ask("/notes/98421", sub=signing.MISSING).status_code == 403


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"json": {"hasPermission": False}}, id="no"),
        pytest.param({"json": {"hasPermission": "true"}}, id="text"),
        pytest.param({"json": {"hasPermission": 1}}, id="number"),
        pytest.param({"json": {}}, id="empty"),
        pytest.param({"json": [True]}, id="array"),
        pytest.param({"status": 403, "json": YES}, id="the app may not see it"),
        pytest.param({"status": 404, "json": YES}, id="not there"),
    ],
)
def test_a_user_without_the_permission_is_refused(
    ask: Ask, network: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    network.post(CHECK, **answer)
    refused = ask("/notes/98421")
    assert (refused.status_code, refused.json) == (403, {"error": "forbidden"})
    assert "WWW-Authenticate" not in refused.headers


@pytest.mark.parametrize(
    "answer",
    [
        *({"status": status, "json": YES} for status in (400, 401, 429, 500, 503)),
        {"body": requests.ConnectionError("away")},
        {"body": "<html>"},
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
        *({"status": status, "json": YES} for status in (201, 206, 302)),
    ],
    ids=lambda answer: str(answer)[:30],
)
def test_everybody_is_refused_while_the_host_cannot_say(
    ask: Ask, network: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    network.post(CHECK, **answer)
    refused = ask("/notes/98421")
    assert (refused.status_code, refused.json) == (503, {"error": "host_unavailable"})
    assert "Retry-After" in refused.headers
    # That is not cached.
    network.replace(responses.POST, CHECK, json=YES)
    assert ask("/notes/98421").status_code == 200


def test_a_page_says_who_may_see_it(
    ask: Ask, app: Flask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json={"hasPermission": False})
    headers = signing.authorization(signing.context_token()) | {"Accept": "text/html"}
    answer = app.test_client().get("/notes/98421", headers=headers)
    assert answer.status_code == 403
    assert "You may not see this" in answer.text
    assert "frame-ancestors https://" in answer.headers["Content-Security-Policy"]


def test_a_bad_token_is_refused_before_the_host_is_asked(
    ask: Ask, network: responses.RequestsMock
) -> None:
    assert ask("/notes/98421", exp=1).status_code == 401


def test_an_answer_is_remembered_for_its_user_content_and_operation(
    ask: Ask, network: responses.RequestsMock
) -> None:
    network.post(CHECK, json=YES)
    network.post(f"{CONTENT}/5/permission/check", json=YES)
    asked: list[Callable[[], TestResponse]] = [
        lambda: ask("/notes/98421"),
        lambda: ask("/notes/98421", sub="another"),
        lambda: ask("/notes/5"),
        lambda: ask("/numbered/98421"),
    ]
    for number, once in enumerate(asked, 1):
        assert once().status_code == once().status_code == 200
        assert len(network.calls) == number


def test_an_answer_is_remembered_for_its_tenant(
    ask: Ask, network: responses.RequestsMock, app: Flask
) -> None:
    network.post(CHECK, json=YES)
    assert ask("/notes/98421").status_code == 200
    cache = app.extensions["connect.permissions"]
    [key] = vars(cache)["_entries"]
    assert key[0] == signing.CLIENT_KEY


def test_an_async_view_waits_for_the_answer(
    app: Flask,
    tenant: Tenant,
    network: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flask needs its extra to run such a view; here only the question matters."""
    monkeypatch.setattr(app, "async_to_sync", run_in_thread)

    @jwt_required
    @permission_required(content="read")
    async def waits() -> str:
        return "notes"

    # What Flask calls is not a coroutine function any more.
    view: Callable[[], Any] = waits

    token = signing.host_token("GET", "/", context=HERE)
    network.post(CHECK, json=YES)
    with app.test_request_context("/", headers=signing.authorization(token)):
        assert view() == "notes"
    token = signing.host_token("GET", "/", context=HERE, sub=signing.MISSING)
    with (
        app.test_request_context("/", headers=signing.authorization(token)),
        pytest.raises(PermissionDeniedError, match="anonymous"),
    ):
        view()
