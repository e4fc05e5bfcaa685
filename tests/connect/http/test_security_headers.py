"""Every answer has the security headers."""

import re
from typing import Any

import pytest
import responses
from flask import Flask, Response
from flask.testing import FlaskClient

from app.connect import jwt_required, public
from app.connect.http.security_headers import csp_nonce
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.example import create_app
from tests.signing import authorization, host_token

STEADY = {
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


def directive(answer: Any, name: str) -> list[str]:
    """Return the sources of one directive of the policy."""
    for part in answer.headers["Content-Security-Policy"].split(";"):
        found, *sources = part.split()
        if found == name:
            return list(sources)
    return []


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/overview"),
        ("GET", "/nowhere"),
        ("POST", "/overview"),
        ("POST", "/installed"),
        ("GET", "/healthz"),
        ("OPTIONS", "/overview"),
        ("HEAD", "/overview"),
    ],
)
def test_every_answer_has_the_headers(
    client: FlaskClient, method: str, url: str
) -> None:
    answer = client.open(url, method=method)
    for name, value in STEADY.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert directive(answer, "default-src") == ["'none'"]
    assert "Set-Cookie" not in answer.headers


def test_a_page_may_be_framed_by_its_own_tenant_only(
    client: FlaskClient, tenant: Tenant
) -> None:
    url = "/overview?xdm_e=https%3A%2F%2Fevil.example&cp="
    answer = client.get(url, headers=authorization(host_token("GET", url)))
    assert answer.status_code == 200
    assert directive(answer, "frame-ancestors") == [
        "https://example.atlassian.net",
        "https://wiki.example.com",
    ]
    assert "evil.example" not in answer.headers["Content-Security-Policy"]


def test_a_refusal_may_be_framed_and_holds_nothing(client: FlaskClient) -> None:
    page = client.get("/overview", headers={"Accept": "text/html"})
    assert directive(page, "frame-ancestors") == ["*"]
    data = client.get("/overview")
    assert directive(data, "frame-ancestors") == ["'none'"]


def test_one_request_does_not_leave_its_tenant_to_the_next(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    with app.app_context():
        headers = authorization(host_token())
        first = client.get("/overview", headers=headers)
        again = client.get("/overview", headers=headers)
        other = client.get("/healthz")
    assert directive(other, "frame-ancestors") == ["'none'"]
    assert nonce(first) != nonce(again)
    assert nonce(other) is None


def nonce(answer: Any) -> str | None:
    found = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    return found[1] if found else None


def test_a_page_runs_scripts_with_its_nonce_and_the_bridge_only(
    client: FlaskClient, tenant: Tenant
) -> None:
    answer = client.get("/overview", headers=authorization(host_token()))
    bridge = "https://connect-cdn.atl-paas.net"
    expected = ["'self'", bridge, f"'nonce-{nonce(answer)}'"]
    assert directive(answer, "script-src") == expected
    assert f'nonce="{nonce(answer)}"' in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for script in re.findall(r"<script[^>]*>", answer.text):
        assert f'nonce="{nonce(answer)}"' in script or " src=" in script


def test_a_request_has_one_nonce(app: Flask) -> None:
    with app.test_request_context():
        first = csp_nonce()
        assert csp_nonce() == first
    with app.test_request_context():
        assert csp_nonce() != first


def test_the_bridge_is_a_setting(config: dict[str, Any]) -> None:
    url = "http://localhost:8090/wiki/atlassian-connect/all.js"
    app = create_app({**config, "CONNECT_ALL_JS_URL": url})
    answer = app.test_client().get("/healthz")
    assert directive(answer, "script-src") == ["'self'", "http://localhost:8090"]


def test_a_view_may_set_its_own_headers(app: Flask) -> None:
    @app.get("/own")
    @public
    def own() -> Response:
        return Response(headers={"Cache-Control": "max-age=1", "X-Own": "1"})

    answer = app.test_client().get("/own")
    assert answer.headers.getlist("Cache-Control") == ["max-age=1"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_display_url_may_be_the_base_url(
    client: FlaskClient, key_server: responses.RequestsMock
) -> None:
    body = signing.payload(displayUrl=signing.SITE)
    headers = authorization(signing.install_token())
    assert client.post("/installed", json=body, headers=headers).status_code == 204
    answer = client.get("/overview", headers=authorization(host_token()))
    assert directive(answer, "frame-ancestors") == ["https://example.atlassian.net"]


def test_a_local_site_is_framed_with_its_port(
    config: dict[str, Any], app: Flask, key_server: responses.RequestsMock
) -> None:
    local = create_app({**config, "CONNECT_ALLOWED_HOSTS": "localhost"})

    @local.get("/mine")
    @jwt_required
    def mine() -> str:
        return ""

    client = local.test_client()
    site = "http://localhost:8090/wiki"
    body = signing.payload(baseUrl=site, displayUrl=site)
    headers = authorization(signing.install_token())
    assert client.post("/installed", json=body, headers=headers).status_code == 204
    answer = client.get("/mine", headers=authorization(host_token("GET", "/mine")))
    assert directive(answer, "frame-ancestors") == ["http://localhost:8090"]
    with local.app_context():
        db.engine.dispose()
