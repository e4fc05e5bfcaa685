"""The pages' endpoints: only with a context JWT, and never a 500."""

import json
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import assert_signed
from tests.connect.outbound.scopes import declare
from tests.pages.conftest import Opener
from tests.pages.test_access import ADMINISTER, USER

ADDON = f"{signing.SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
NOTE = f"{ADDON}/properties/note"
DYNAMIC = f"{signing.SITE}/rest/atlassian-connect/1/app/module/dynamic"
MENU_LINK = {
    "key": "menu-link",
    "location": "system.header/left",
    "name": {"value": "Example link"},
    "url": "/overview",
}

ENDPOINTS = [
    ("GET", "/api/context"),
    ("GET", "/api/rights"),
    ("GET", "/api/license"),
    ("GET", "/api/note"),
    ("PUT", "/api/note"),
    ("DELETE", "/api/note"),
    ("GET", "/api/menu-link"),
    ("PUT", "/api/menu-link"),
    ("DELETE", "/api/menu-link"),
]
ASKING = ENDPOINTS[2:]
CHANGING = [one for one in ENDPOINTS if one[0] != "GET"]
REFUSED = [
    pytest.param({"secret": signing.OTHER_SECRET}, id="another secret"),
    pytest.param({"qsh": signing.MISSING}, id="no qsh"),
    pytest.param({"qsh": ""}, id="empty qsh"),
    pytest.param({"qsh": "CONTEXT-QSH"}, id="qsh in upper case"),
    pytest.param({"exp": 1}, id="expired"),
    pytest.param({"iss": "nobody"}, id="unknown tenant"),
    pytest.param({"iss": signing.APP_KEY}, id="ourselves"),
]


@pytest.fixture(autouse=True)
def _administrator(call_api: Opener) -> None:
    """The host has just said that the user is an administrator."""
    with responses.RequestsMock() as mock:
        mock.get(USER, json={"operations": [ADMINISTER]})
        assert call_api("GET", "/api/rights").json == {"administrator": True}


@pytest.fixture
def host(network: responses.RequestsMock) -> responses.RequestsMock:
    """A host on which everything succeeds."""
    network.assert_all_requests_are_fired = False
    network.get(ADDON, json={"key": signing.APP_KEY})
    network.get(NOTE, json={"key": "note", "value": "text"})
    network.put(NOTE, status=201)
    network.delete(NOTE, status=204)
    network.get(DYNAMIC, json={})
    network.post(DYNAMIC)
    network.delete(DYNAMIC, status=204)
    return network


def called(call_api: Opener, method: str, path: str, **options: Any) -> Any:
    if (method, path) == ("PUT", "/api/note"):
        options.setdefault("json", {"value": "text"})
    return call_api(method, path, **options)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_endpoint_answers_a_context_jwt(
    call_api: Opener, host: responses.RequestsMock, method: str, path: str
) -> None:
    answer = called(call_api, method, path)

    assert answer.status_code in (200, 201, 204)
    for call in host.calls:
        assert_signed(call.request)
    headers = answer.headers
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == "no-cache, no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" in headers
    assert "nonce" not in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("change", REFUSED)
def test_an_endpoint_refuses_any_other_token(
    call_api: Opener,
    host: responses.RequestsMock,
    method: str,
    path: str,
    change: dict[str, Any],
) -> None:
    answer = called(call_api, method, path, claims=change)
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}
    assert not host.calls


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_endpoint_refuses_the_token_of_an_iframe_url(
    call_api: Opener, host: responses.RequestsMock, method: str, path: str
) -> None:
    claims = {"qsh": signing.qsh(method, path)}
    assert called(call_api, method, path, claims=claims).status_code == 401
    assert not host.calls


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_endpoint_refuses_a_call_without_a_token(
    client: FlaskClient,
    tenant: Tenant,
    host: responses.RequestsMock,
    method: str,
    path: str,
) -> None:
    answer = client.open(path, method=method, json={"value": "text"})
    assert answer.status_code == 401
    assert not host.calls


@pytest.mark.parametrize("user", ["somebody", signing.MISSING])
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/rights"), *CHANGING])
def test_only_administrators_change_what_all_users_see(
    call_api: Opener,
    network: responses.RequestsMock,
    method: str,
    path: str,
    user: Any,
) -> None:
    if user == "somebody":
        network.get(USER, json={"operations": []})
    answer = called(call_api, method, path, claims={"sub": user})
    if method == "GET":
        assert answer.json == {"administrator": False}
    else:
        assert (answer.status_code, answer.json) == (403, {"error": "forbidden"})


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/rights"), *CHANGING])
def test_nobody_changes_anything_while_the_host_is_down(
    call_api: Opener, network: responses.RequestsMock, method: str, path: str
) -> None:
    network.get(USER, status=500)
    answer = called(call_api, method, path, claims={"sub": "somebody"})
    assert (answer.status_code, answer.json) == (503, {"error": "host_unavailable"})


def test_context_says_whom_the_token_names(call_api: Opener) -> None:
    context = {"confluence": {"space": {"key": "DS"}}}
    answer = call_api("GET", "/api/context", claims={"context": context})
    assert answer.status_code == 200
    assert answer.json == {
        "clientKey": signing.CLIENT_KEY,
        "accountId": signing.ACCOUNT_ID,
        "context": context,
    }


def test_context_of_an_anonymous_user_is_null(call_api: Opener) -> None:
    claims = {"sub": signing.MISSING, "context": signing.MISSING}
    answer = call_api("GET", "/api/context", claims=claims)
    assert answer.json == {
        "clientKey": signing.CLIENT_KEY,
        "accountId": None,
        "context": {},
    }


@pytest.mark.parametrize(
    ("license_", "answered"),
    [
        pytest.param(
            None, {"active": None, "type": None, "evaluation": None}, id="free app"
        ),
        pytest.param(
            {"active": True, "type": "COMMERCIAL", "evaluation": False},
            {"active": True, "type": "COMMERCIAL", "evaluation": False},
            id="paid app",
        ),
        pytest.param(
            {"active": False, "type": "DEVELOPER", "evaluation": True},
            {"active": False, "type": "DEVELOPER", "evaluation": True},
            id="ended trial",
        ),
    ],
)
def test_license_says_which_license_the_site_has(
    call_api: Opener,
    network: responses.RequestsMock,
    license_: dict[str, Any] | None,
    answered: dict[str, Any],
) -> None:
    network.get(ADDON, json={"key": signing.APP_KEY, "license": license_})
    answer = call_api("GET", "/api/license")
    assert (answer.status_code, answer.json) == (200, answered)


def test_license_without_the_scope_read_is_unavailable(
    app: Flask, call_api: Opener, network: responses.RequestsMock
) -> None:
    declare(app, "NONE")
    answer = call_api("GET", "/api/license")
    assert (answer.status_code, answer.json) == (503, {"error": "unavailable"})
    assert not network.calls


@pytest.mark.parametrize(
    "value", ["text", "", "é 日本 🙂 <script>", None, 1, {"a": []}]
)
def test_note_reads_the_app_property(
    call_api: Opener, network: responses.RequestsMock, value: Any
) -> None:
    network.get(NOTE, json={"key": "note", "value": value})
    answer = call_api("GET", "/api/note")
    assert (answer.status_code, answer.json) == (200, {"value": value})


def test_a_note_that_is_not_there_is_null(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    network.get(NOTE, status=404, json={"message": "Property with key not found."})
    answer = call_api("GET", "/api/note")
    assert (answer.status_code, answer.json) == (200, {"value": None})


@pytest.mark.parametrize(
    ("host_status", "status"),
    [pytest.param(201, 201, id="created"), pytest.param(200, 200, id="updated")],
)
@pytest.mark.parametrize("value", ["text", "", "é 日本 🙂"])
def test_note_writes_the_app_property(
    call_api: Opener,
    network: responses.RequestsMock,
    host_status: int,
    status: int,
    value: str,
) -> None:
    network.put(NOTE, status=host_status)
    answer = call_api("PUT", "/api/note", json={"value": value, "more": 1})
    assert (answer.status_code, answer.json) == (status, {"value": value})
    assert json.loads(network.calls[0].request.body or "") == value


JSON = "application/json"
BAD_BODIES = [
    pytest.param({"data": b"", "content_type": JSON}, id="empty"),
    pytest.param({"data": b"{", "content_type": JSON}, id="not JSON"),
    pytest.param({"data": b"\xff", "content_type": JSON}, id="not UTF-8"),
    pytest.param({"data": b"[" * 100_000, "content_type": JSON}, id="deep"),
    pytest.param(
        {"data": b'{"value": ' + b"9" * 5_000 + b"}", "content_type": JSON},
        id="huge number",
    ),
    pytest.param({"data": b'{"value": "text"}'}, id="no content type"),
    pytest.param({"data": {"value": "text"}}, id="form"),
    pytest.param({"json": []}, id="array"),
    pytest.param({"json": "text"}, id="text"),
    pytest.param({"data": b"null", "content_type": JSON}, id="null"),
    pytest.param({"json": {}}, id="no value"),
    pytest.param({"json": {"Value": "text"}}, id="another name"),
    pytest.param({"json": {"value": None}}, id="null value"),
    pytest.param({"json": {"value": 1}}, id="number"),
    pytest.param({"json": {"value": ["text"]}}, id="array value"),
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_note_that_cannot_be_read_is_a_bad_request(
    call_api: Opener, network: responses.RequestsMock, body: dict[str, Any]
) -> None:
    answer = call_api("PUT", "/api/note", **body)
    assert answer.status_code == 400
    assert answer.json == {"error": 'send JSON such as {"value": "text"}'}
    assert not network.calls


def test_a_note_of_half_a_character_is_a_bad_request(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    answer = call_api(
        "PUT", "/api/note", data=b'{"value": "\\ud800"}', content_type=JSON
    )
    assert answer.status_code == 400
    assert "a property value is JSON" in answer.get_json()["error"]
    assert not network.calls


def test_a_note_over_the_limit_is_a_bad_request_that_names_it(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    network.put(NOTE)
    assert call_api("PUT", "/api/note", json={"value": "é" * 16_383}).status_code == 200

    answer = call_api("PUT", "/api/note", json={"value": "é" * 16_384})

    assert answer.status_code == 400
    assert "at most 32768 bytes" in answer.get_json()["error"]
    assert len(network.calls) == 1


def test_a_body_over_a_megabyte_is_refused(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    answer = call_api("PUT", "/api/note", json={"value": "a" * 2**20})
    assert answer.status_code == 413
    assert not network.calls


@pytest.mark.parametrize(
    "host",
    [
        {"status": 204},
        {"status": 404, "json": {"message": "Property with key not found."}},
    ],
    ids=["there", "not there"],
)
def test_a_deleted_note_is_gone_whether_or_not_it_was_there(
    call_api: Opener, network: responses.RequestsMock, host: dict[str, Any]
) -> None:
    network.delete(NOTE, **host)
    answer = call_api("DELETE", "/api/note")
    assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize(
    ("modules", "present"),
    [
        pytest.param({"webItems": [MENU_LINK]}, True, id="present"),
        pytest.param({"webItems": [{"key": "x"}, MENU_LINK]}, True, id="among others"),
        pytest.param({"webItems": [{"key": "other"}]}, False, id="another"),
        pytest.param({"webItems": [{}]}, False, id="no key"),
        pytest.param({"webItems": []}, False, id="none"),
        pytest.param({}, False, id="no web items"),
        pytest.param({"webPanels": [MENU_LINK]}, False, id="another type"),
        pytest.param({"webItems": None}, False, id="null"),
        pytest.param({"webItems": ["menu-link"]}, False, id="texts"),
        pytest.param({"webItems": 1}, False, id="number"),
    ],
)
def test_menu_link_says_whether_it_is_registered(
    call_api: Opener,
    network: responses.RequestsMock,
    modules: dict[str, Any],
    present: bool,
) -> None:
    network.get(DYNAMIC, json=modules)
    answer = call_api("GET", "/api/menu-link")
    assert (answer.status_code, answer.json) == (200, {"present": present})


def test_the_menu_link_is_registered(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    network.post(DYNAMIC)
    answer = call_api("PUT", "/api/menu-link")
    assert (answer.status_code, answer.json) == (201, {"present": True})
    body = json.loads(network.calls[0].request.body or "")
    assert body == {"webItems": [MENU_LINK]}


def test_a_rejected_menu_link_is_a_conflict_with_the_hosts_reason(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    reason = "Installation failed. The app has duplicate module keys: [menu-link]."
    network.post(DYNAMIC, status=400, json={"message": reason})
    answer = call_api("PUT", "/api/menu-link")
    assert (answer.status_code, answer.json) == (409, {"error": reason})


def test_only_the_menu_link_is_removed(
    call_api: Opener, network: responses.RequestsMock
) -> None:
    network.delete(DYNAMIC, status=204)
    answer = call_api("DELETE", "/api/menu-link")
    assert (answer.status_code, answer.data) == (204, b"")
    assert network.calls[0].request.url == f"{DYNAMIC}?moduleKey=menu-link"


FAILURES = [
    pytest.param({"status": 401, "json": {"message": signing.SECRET}}, id="401"),
    pytest.param({"status": 403}, id="403"),
    pytest.param({"status": 429, "headers": {"Retry-After": "9"}}, id="429"),
    pytest.param({"status": 500, "body": "<html>"}, id="500"),
    pytest.param({"body": requests.ConnectionError(signing.SECRET)}, id="away"),
    pytest.param({"body": requests.Timeout(signing.SECRET)}, id="too slow"),
]


@pytest.mark.parametrize(("method", "path"), ASKING)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_host_is_a_bad_gateway_and_tells_nothing(
    call_api: Opener,
    network: responses.RequestsMock,
    method: str,
    path: str,
    failure: dict[str, Any],
) -> None:
    network.assert_all_requests_are_fired = False
    for url in (ADDON, NOTE, DYNAMIC):
        for host_method in ("GET", "PUT", "POST", "DELETE"):
            network.add(host_method, url, **failure)

    answer = called(call_api, method, path)

    calls = {(call.request.method, call.request.url) for call in network.calls}
    assert len(calls) == 1
    too_slow = isinstance(failure.get("body"), requests.Timeout)
    assert answer.status_code == (504 if too_slow else 502)
    assert answer.json == {"error": "host_unavailable"}


@pytest.mark.parametrize(
    ("path", "url"),
    [
        pytest.param("/api/license", ADDON, id="license"),
        pytest.param("/api/note", NOTE, id="note"),
        pytest.param("/api/menu-link", DYNAMIC, id="menu link"),
    ],
)
@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "1", "[" * 100_000])
def test_an_answer_that_is_not_what_it_should_be_is_a_bad_gateway(
    call_api: Opener,
    network: responses.RequestsMock,
    path: str,
    url: str,
    body: str,
) -> None:
    network.get(url, body=body, content_type=JSON)
    answer = call_api("GET", path)
    assert answer.status_code == 502
