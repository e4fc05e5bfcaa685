"""The pages: their content, their policies and their headers."""

import re
from typing import Any
from urllib.parse import quote

import pytest
import responses
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.connect.tenants.models import Tenant
from tests import signing
from tests.pages.conftest import Opener

PAGES = ["/overview", "/settings", "/macros/greeting"]
USER = f"{signing.SITE}/rest/api/user"
ADMINISTRATOR = {
    "operations": [{"operation": "administer", "targetType": "application"}]
}
BRIDGE = "https://connect-cdn.atl-paas.net"


@pytest.fixture
def administrator(network: responses.RequestsMock) -> responses.RequestsMock:
    """A host that says that every user administers the site."""
    network.assert_all_requests_are_fired = False
    network.get(USER, json=ADMINISTRATOR)
    return network


def nonce_of(answer: TestResponse) -> str:
    found = re.search(
        r"'nonce-([A-Za-z0-9_-]{20,})'", answer.headers["Content-Security-Policy"]
    )
    assert found
    return found[1]


def test_the_general_page_names_tenant_and_user(open_page: Opener) -> None:
    answer = open_page("/overview")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert f'<code id="tenant">{signing.CLIENT_KEY}</code>' in answer.text
    assert f'<code id="user">{signing.ACCOUNT_ID}</code>' in answer.text
    assert "https://wiki.example.com/wiki" in answer.text


def test_the_general_page_greets_an_anonymous_user(open_page: Opener) -> None:
    answer = open_page("/overview", sub=signing.MISSING)
    assert answer.status_code == 200
    assert '<code id="user">anonymous</code>' in answer.text
    assert signing.ACCOUNT_ID not in answer.text


def test_the_general_page_points_to_its_endpoints(open_page: Opener) -> None:
    text = open_page("/overview").text
    found = re.findall(r'data-url="([^"]+)"', text)
    names = ("rights", "context", "license", "note", "menu-link")
    assert found == [f"/api/{name}" for name in names]


def test_the_administrators_page_shows_the_installation(
    open_page: Opener, tenant: Tenant, administrator: responses.RequestsMock
) -> None:
    answer = open_page("/settings")
    assert answer.status_code == 200
    assert "Only administrators get here" in answer.text
    assert signing.CLIENT_KEY in answer.text
    assert "<dd>Confluence</dd>" in answer.text
    assert tenant.installed_at.isoformat() in answer.text


@pytest.mark.parametrize(
    ("query", "context", "shown"),
    [
        pytest.param("", {}, "Hello", id="nothing given"),
        pytest.param("?greeting=Servus", {}, "Servus", id="greeting"),
        pytest.param("?greeting=", {}, "Hello", id="empty greeting"),
        pytest.param("?greeting=Gr%C3%BC%C3%9Fe+%26+mehr", {}, "Grüße &amp; mehr"),
        pytest.param("?space=DS", {}, "<strong>DS</strong>", id="space"),
        pytest.param(
            "",
            {"confluence": {"space": {"key": "DOC"}}},
            "<strong>DOC</strong>",
            id="space of the context",
        ),
        pytest.param(
            "?space=DS",
            {"confluence": {"space": {"key": "DOC"}}},
            "<strong>DS</strong>",
            id="space of the URL before that of the context",
        ),
    ],
)
def test_the_macro_shows_its_parameters(
    open_page: Opener, query: str, context: dict[str, Any], shown: str
) -> None:
    answer = open_page(f"/macros/greeting{query}", context=context)
    assert answer.status_code == 200
    assert shown in answer.text
    assert signing.ACCOUNT_ID in answer.text


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({}, id="empty"),
        pytest.param({"confluence": None}, id="null"),
        pytest.param({"confluence": "x"}, id="text"),
        pytest.param({"confluence": {}}, id="no space"),
        pytest.param({"confluence": {"space": None}}, id="null space"),
        pytest.param({"confluence": {"space": ["DS"]}}, id="array"),
        pytest.param({"confluence": {"space": {"key": None}}}, id="null key"),
        pytest.param({"confluence": {"space": {"key": {"a": 1}}}}, id="odd key"),
        pytest.param({"jira": {"project": {"key": "P"}}}, id="jira"),
    ],
)
def test_the_macro_needs_no_space(open_page: Opener, context: dict[str, Any]) -> None:
    answer = open_page("/macros/greeting", context=context)
    assert answer.status_code == 200
    assert "You are in the space" not in answer.text


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p><iframe srcdoc='x'>",
    "{{ config.SECRET_KEY }}",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("parameter", ["greeting", "space"])
def test_a_macro_parameter_is_text_and_never_markup(
    open_page: Opener, parameter: str, text: str
) -> None:
    plain = open_page(f"/macros/greeting?{parameter}=plain").text
    answer = open_page(f"/macros/greeting?{parameter}={quote(text, safe='')}")
    assert answer.status_code == 200
    escaped = (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )
    assert escaped in answer.text
    assert answer.text.count("<") == plain.count("<")


def test_the_space_of_the_context_is_text_too(open_page: Opener) -> None:
    context = {"confluence": {"space": {"key": HOSTILE[0]}}}
    answer = open_page("/macros/greeting", context=context)
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_the_name_of_a_user_is_text_too(
    open_page: Opener, administrator: responses.RequestsMock, path: str
) -> None:
    answer = open_page(path, sub=HOSTILE[0])
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


REFUSED = [
    pytest.param({"secret": signing.OTHER_SECRET}, id="another secret"),
    pytest.param({"qsh": signing.qsh("GET", "/other")}, id="another page"),
    pytest.param({"qsh": signing.qsh("POST", "/overview")}, id="another method"),
    pytest.param({"qsh": "context-qsh"}, id="a context JWT"),
    pytest.param({"qsh": signing.MISSING}, id="no qsh"),
    pytest.param({"exp": 1}, id="expired"),
    pytest.param({"iss": "nobody"}, id="unknown tenant"),
    pytest.param({"iss": signing.APP_KEY}, id="ourselves"),
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("change", REFUSED)
def test_a_page_is_refused_without_a_token_for_it(
    open_page: Opener,
    administrator: responses.RequestsMock,
    path: str,
    change: dict[str, Any],
) -> None:
    assert open_page(path).status_code == 200
    calls = len(administrator.calls)

    answer = open_page(path, **change)

    assert answer.status_code == 401
    assert "This page could not be opened" in answer.text
    assert signing.CLIENT_KEY not in answer.text
    assert len(administrator.calls) == calls


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_refused_without_any_token(
    client: FlaskClient, tenant: Tenant, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}


def test_a_changed_parameter_of_the_macro_is_refused(
    client: FlaskClient, tenant: Tenant
) -> None:
    token = signing.host_token("GET", "/macros/greeting?greeting=Hello")
    good = client.get(f"/macros/greeting?greeting=Hello&jwt={token}")
    changed = client.get(f"/macros/greeting?greeting=Bye&jwt={token}")
    assert (good.status_code, changed.status_code) == (200, 401)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_page_is_only_read(
    client: FlaskClient, tenant: Tenant, path: str, method: str
) -> None:
    headers = signing.authorization(signing.host_token(method, path))
    assert client.open(path, method=method, headers=headers).status_code == 405


@pytest.mark.parametrize("path", PAGES)
def test_a_page_carries_the_security_headers(
    open_page: Opener, administrator: responses.RequestsMock, path: str
) -> None:
    answer = open_page(path)
    assert answer.status_code == 200
    headers = answer.headers
    assert headers["Cache-Control"] == "no-cache, no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "X-Frame-Options" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_be_framed_by_its_own_tenant_alone(
    open_page: Opener, administrator: responses.RequestsMock, path: str
) -> None:
    policy = open_page(path).headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["frame-ancestors"] == (
        "https://example.atlassian.net https://wiki.example.com"
    )
    assert directives["default-src"] == "'none'"
    assert directives["base-uri"] == "'none'"
    for name in ("script-src", "style-src"):
        sources = directives[name].split(" ")
        assert sources[:2] == ["'self'", BRIDGE]
        assert all(source.startswith("'nonce-") for source in sources[2:])


@pytest.mark.parametrize("path", PAGES)
def test_each_answer_has_a_nonce_of_its_own(
    open_page: Opener, administrator: responses.RequestsMock, path: str
) -> None:
    answers = [open_page(path) for _ in range(3)]
    nonces = [nonce_of(answer) for answer in answers]
    assert len(set(nonces)) == 3
    for answer, nonce in zip(answers, nonces, strict=True):
        assert set(re.findall(r'nonce="([^"]*)"', answer.text)) == {nonce}


def test_requests_in_one_app_context_share_no_nonce(
    open_page: Opener, app_context: None
) -> None:
    nonces = {nonce_of(open_page("/overview")) for _ in range(3)}
    assert len(nonces) == 3


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_the_bridge_and_runs_no_inline_code(
    open_page: Opener, administrator: responses.RequestsMock, path: str
) -> None:
    text = open_page(path).text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    assert f'src="{BRIDGE}/all.js"' in scripts[0][0]
    assert [attributes for attributes, _ in scripts if "src=" not in attributes] == []
    assert [code for _, code in scripts if code.strip()] == []
    assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=|<style", text)


def test_the_macro_is_as_high_as_its_text(open_page: Opener) -> None:
    assert "sizeToParent" in open_page("/overview").text
    assert "sizeToParent" not in open_page("/macros/greeting").text


@pytest.mark.parametrize("path", [*PAGES, "/atlassian-connect.json", "/nowhere"])
@pytest.mark.parametrize("claims", [{}, {"exp": 1}], ids=["good", "expired"])
def test_no_answer_sets_a_cookie(
    open_page: Opener,
    administrator: responses.RequestsMock,
    path: str,
    claims: dict[str, Any],
) -> None:
    answer = open_page(path, **claims)
    assert answer.status_code in (200, 401, 404)
    assert "Set-Cookie" not in answer.headers


def test_the_pages_files_are_served_to_anyone(client: FlaskClient) -> None:
    for name in ("app.css", "app.js"):
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in answer.headers
