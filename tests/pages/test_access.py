"""The administrators' page asks Confluence, and fails closed."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from tests import signing
from tests.connect.outbound.host import assert_signed
from tests.pages.conftest import Opener

USER = f"{signing.SITE}/rest/api/user"
ADMINISTER = {"operation": "administer", "targetType": "application"}


def answers(network: responses.RequestsMock, body: Any) -> None:
    network.get(USER, body=json.dumps(body), content_type="application/json")


def assert_refused(answer: Any, status: int, title: str) -> None:
    assert answer.status_code == status
    assert title in answer.text
    assert "Only administrators get here" not in answer.text
    assert signing.CLIENT_KEY not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-cache, no-store"


def test_confluence_is_asked_about_the_user_of_the_token(
    open_page: Opener, network: responses.RequestsMock
) -> None:
    answers(network, {"operations": [ADMINISTER]})

    assert open_page("/settings").status_code == 200

    [call] = network.calls
    assert_signed(call.request)
    assert parse_qs(urlsplit(str(call.request.url)).query) == {
        "accountId": [signing.ACCOUNT_ID],
        "expand": ["operations"],
    }


def test_the_user_may_be_named_by_the_context(
    open_page: Opener, network: responses.RequestsMock
) -> None:
    answers(network, {"operations": [ADMINISTER]})
    answer = open_page(
        "/settings", sub=signing.MISSING, context={"user": {"accountId": "a+b&c"}}
    )
    assert answer.status_code == 200
    query = urlsplit(str(network.calls[0].request.url)).query
    assert parse_qs(query)["accountId"] == ["a+b&c"]


def test_the_operation_may_stand_anywhere_in_the_list(
    open_page: Opener, network: responses.RequestsMock
) -> None:
    others = ["x", None, {}, {"operation": "use", "targetType": "application"}]
    answers(network, {"operations": [*others, ADMINISTER]})
    assert open_page("/settings").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"operations": []}, id="no operation"),
        pytest.param({"operations": None}, id="null operations"),
        pytest.param({}, id="operations missing"),
        pytest.param(
            {"operations": [{**ADMINISTER, "operation": "use"}]}, id="may only use it"
        ),
        pytest.param(
            {"operations": [{**ADMINISTER, "targetType": "space"}]},
            id="administers a space",
        ),
        pytest.param({"operations": [{"operation": "administer"}]}, id="no target"),
        pytest.param({"operations": ["administer"]}, id="texts"),
        pytest.param({"operations": "administer"}, id="text"),
        pytest.param({"operations": 1}, id="number"),
        pytest.param({"operations": True}, id="true"),
        pytest.param({"operations": ADMINISTER}, id="object"),
        pytest.param([ADMINISTER], id="array"),
        pytest.param(None, id="null"),
    ],
)
def test_a_user_who_is_no_administrator_is_refused(
    open_page: Opener, network: responses.RequestsMock, body: Any
) -> None:
    answers(network, body)
    answer = open_page("/settings")
    assert_refused(answer, 403, "This page is for administrators")
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors https://example.atlassian.net " in policy


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"sub": signing.MISSING}, id="nobody"),
        pytest.param(
            {"sub": signing.MISSING, "context": {"user": {"accountId": ""}}},
            id="empty name",
        ),
    ],
)
def test_an_anonymous_user_is_refused_without_a_question(
    open_page: Opener, network: responses.RequestsMock, claims: dict[str, Any]
) -> None:
    answer = open_page("/settings", **claims)
    assert_refused(answer, 403, "This page is for administrators")
    assert not network.calls


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_nobody_gets_in_while_confluence_refuses_to_say(
    open_page: Opener, network: responses.RequestsMock, status: int
) -> None:
    network.get(USER, status=status, json={"operations": [ADMINISTER]})
    assert_refused(open_page("/settings"), 503, "Confluence did not answer")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"body": requests.ConnectionError("away")}, id="away"),
        pytest.param({"body": requests.Timeout("slow")}, id="too slow"),
        pytest.param({"body": "<html>Log in</html>"}, id="HTML"),
        pytest.param({"body": ""}, id="empty"),
        pytest.param({"body": "[" * 100_000}, id="deep"),
        pytest.param(
            {"status": 302, "headers": {"Location": "https://evil.example/"}},
            id="redirect",
        ),
        pytest.param(
            {"status": 302, "json": {"operations": [ADMINISTER]}},
            id="redirect with the answer",
        ),
        pytest.param(
            {"status": 201, "json": {"operations": [ADMINISTER]}}, id="created"
        ),
    ],
)
def test_nobody_gets_in_while_confluence_gives_no_answer(
    open_page: Opener, network: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    network.get(USER, **answer)
    assert_refused(open_page("/settings"), 503, "Confluence did not answer")


def test_a_caller_that_wants_json_gets_the_failure_as_json(
    open_page: Opener, network: responses.RequestsMock
) -> None:
    network.get(USER, status=500)
    answer = open_page("/settings", accept="application/json")
    assert answer.status_code == 503
    assert answer.json == {"error": "host_unavailable"}


def test_the_answer_about_one_user_is_not_kept_for_another(
    open_page: Opener, network: responses.RequestsMock
) -> None:
    answers(network, {"operations": [ADMINISTER]})
    assert open_page("/settings").status_code == 200
    network.replace(responses.GET, USER, json={"operations": []})
    assert open_page("/settings", sub="somebody-else").status_code == 403
    assert open_page("/settings").status_code == 200
    assert len(network.calls) == 2


@pytest.mark.parametrize("path", ["/overview", "/macros/greeting"])
def test_the_other_pages_ask_nothing(
    open_page: Opener, network: responses.RequestsMock, path: str
) -> None:
    assert open_page(path).status_code == 200
    assert not network.calls
