"""Cacheable pages: for anyone, framed anywhere, cached, without private data."""

from typing import Any

import pytest
from flask import Flask, abort, redirect, render_template_string
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from app.connect import cacheable_page, current_tenant, jwt_required
from app.connect.http.security_headers import csp_nonce
from app.connect.inbound.policies import Policy, policy_of
from app.connect.tenants.models import Tenant
from tests.signing import authorization, host_token


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    @app.get("/kept")
    @cacheable_page(max_age=600)
    def kept() -> str:
        return render_template_string("<p>{{ csp_nonce() }}</p>")

    @app.get("/curious")
    @cacheable_page()
    def curious() -> str:
        return str(current_tenant.client_key)

    @app.get("/elsewhere/<int:status>")
    @cacheable_page()
    def elsewhere(status: int) -> ResponseReturnValue:
        if status == 404:
            abort(404)
        return redirect("/kept", status)

    app.add_url_rule("/own", "own", jwt_required(lambda: csp_nonce()))
    return app.test_client()


def directives(answer: Any) -> dict[str, str]:
    policy = answer.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def test_anyone_gets_it_and_may_keep_it(client: FlaskClient) -> None:
    answer = client.get("/kept")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    assert answer.headers["Vary"] == "Accept-Language"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_it_may_be_framed_anywhere(client: FlaskClient) -> None:
    assert directives(client.get("/kept"))["frame-ancestors"] == "*"
    assert directives(client.get("/kept"))["default-src"] == "'none'"


def test_what_is_kept_has_no_nonce(client: FlaskClient) -> None:
    answers = [client.get("/kept") for _ in range(2)]
    assert {answer.text for answer in answers} == {"<p></p>"}
    assert all("nonce" not in str(answer.headers) for answer in answers)


def test_another_page_has_a_nonce_as_before(
    client: FlaskClient, tenant: Tenant
) -> None:
    token = host_token("GET", "/own")
    answer = client.get("/own", headers=authorization(token))
    assert f"'nonce-{answer.text}'" in directives(answer)["script-src"]
    assert answer.text


def test_a_client_with_the_current_page_gets_304(client: FlaskClient) -> None:
    etag = client.get("/kept").headers["ETag"]
    again = client.get("/kept", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, max-age=600"
    head = client.head("/kept")
    assert (head.status_code, head.data) == (200, b"")


def test_a_token_changes_nothing(client: FlaskClient, tenant: Tenant) -> None:
    token = host_token("GET", "/curious")
    with pytest.raises(RuntimeError, match="was not verified"):
        client.get("/curious", headers=authorization(token))
    bad = client.get("/kept?jwt=canary", headers=authorization("canary"))
    assert bad.status_code == 200
    assert bad.data == client.get("/kept").data


@pytest.mark.parametrize("status", [302, 404])
def test_only_the_page_itself_is_kept(client: FlaskClient, status: int) -> None:
    answer = client.get(f"/elsewhere/{status}")
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("max_age", [0, -1, 31_536_001, True, 1.5, "60"])
def test_a_page_is_kept_a_second_to_a_year(max_age: Any) -> None:
    for seconds in (1, 31_536_000):
        cacheable_page(max_age=seconds)
    with pytest.raises(ValueError, match="max_age is not 1 to 31536000"):
        cacheable_page(max_age=max_age)


def test_it_has_one_policy() -> None:
    def view() -> str:
        return ""

    page = cacheable_page()(view)
    assert policy_of(page) is Policy.CACHEABLE
    with pytest.raises(TypeError, match="already declares a policy: cacheable"):
        jwt_required(page)
    with pytest.raises(TypeError, match="already declares a policy: URL-bound"):
        cacheable_page()(jwt_required(view))
