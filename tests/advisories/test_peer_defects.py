"""Defects of other Connect frameworks in tokens, tenants and answers, tried here."""

import base64
import json
import re
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect import check, jwt_required
from app.connect.errors import ConfigurationError
from app.connect.inbound.policies import public
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.advisories.attacks import (
    HOUR,
    LIFECYCLE,
    NOW,
    get,
    is_untouched,
    post,
)
from tests.example import create_app
from tests.signing import (
    ACCOUNT_ID,
    KEY_ID,
    MISSING,
    OTHER_SECRET,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    world: responses.RequestsMock,
    algorithm: str,
) -> None:
    """CVE-2015-9235 and its like: alg none. halkeye decodes without algorithms."""
    header = json.dumps({"alg": algorithm, "typ": "JWT", "kid": KEY_ID}).encode()
    encoded = base64.urlsafe_b64encode(header).decode().rstrip("=")

    def unsigned(token: str) -> str:
        return f"{encoded}.{token.split('.')[1]}."

    assert get(client, host_token()) == 200
    assert get(client, unsigned(host_token())) == 401
    assert get(client, unsigned(context_token()), "/api/context") == 401
    for event in LIFECYCLE:
        sign = install_token if event.endswith("installed") else None
        token = sign(f"/{event}") if sign else host_token("POST", f"/{event}")
        assert post(client, event, unsigned(token)).status_code == 401


def test_the_scheme_is_taken_off_and_not_stripped(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """halkeye parses with lstrip("JWT "), which eats the first letters of a token:
    "JWT Tabc" becomes "abc"."""
    token = host_token()
    assert get(client, token) == 200
    for prefix in ("T", "W", "J", "JWT", " JWT ", "JWT JWT "):
        assert get(client, prefix + token) == 401
    for header in (f"JWTJWT {token}", f"TWJ {token}", token, f"JWT{token}"):
        answer = client.get("/overview", headers={"Authorization": header})
        assert answer.status_code == 401


def test_a_missing_qsh_is_a_wrong_one(client: FlaskClient, tenant: Tenant) -> None:
    """Play accepts a token without qsh ("succeed if qsh claim is missing")."""
    assert get(client, host_token(qsh=MISSING)) == 401
    assert get(client, context_token(qsh=MISSING), "/api/context") == 401


def test_a_token_without_an_end_is_refused(
    client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """ACE checks exp only if it is present."""
    assert get(client, host_token(exp=MISSING)) == 401
    assert post(client, "installed", install_token(exp=MISSING)).status_code == 401


def test_a_tenant_that_uninstalled_does_not_authenticate(
    client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """Play never looks at whether the tenant still has the app installed."""
    gone = install_token("/uninstalled")
    assert get(client, host_token()) == 200
    assert post(client, "uninstalled", gone).status_code == 204
    assert get(client, host_token()) == 401
    assert get(client, context_token(), "/api/context") == 401


def test_a_callback_without_a_token_is_refused(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """AC-2561: Confluence may send a disabled without a token; pixelwelding's own
    test expects an unsigned install to succeed."""
    for event in LIFECYCLE:
        assert post(client, event, None).status_code == 401
    assert is_untouched(app, client)


def test_the_answer_repeats_nothing_of_the_token(
    client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """ACE's 400 echoes the claims of a token it refuses, and SB says which qsh it
    expected; both statuses tell the checks apart."""
    answers = [
        client.get("/overview", headers=authorization(token))
        for token in (
            host_token(secret=OTHER_SECRET),
            host_token(qsh=signing.qsh("GET", "/other")),
            host_token(exp=NOW - HOUR),
            host_token(iss="unknown"),
            "a.b.c",
        )
    ]
    answers.append(post(client, "installed", install_token(key=signing.OTHER_KEY)))
    answers.append(post(client, "installed", install_token(aud="https://x.example")))
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.data for answer in answers} == {b'{"error":"unauthorized"}\n'}


def test_two_tokens_do_not_hide_one_behind_the_other(
    client: FlaskClient, tenant: Tenant
) -> None:
    """ACE prefers the query to the header and SB the header to the query: two
    readers of one request must not see two users."""
    token, other = host_token(), host_token(sub="other")
    query = {"jwt": other}
    answer = client.get("/overview", query_string=query, headers=authorization(token))
    assert answer.status_code == 401
    form = {"jwt": host_token("POST", "/enabled")}
    assert client.post("/enabled", data=form).status_code == 401


def test_the_frame_ancestors_come_from_the_tenant(
    client: FlaskClient, tenant: Tenant
) -> None:
    """A policy made of the URL parameter xdm_e lets any site frame an error page,
    and "settings"-wide lists of *.atlassian.net let every tenant frame every other."""
    url = "/overview?xdm_e=https%3A%2F%2Fevil.atlassian.net&lic=active"
    page = client.get(url, headers=authorization(host_token("GET", url)))
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    ancestors = re.search("frame-ancestors ([^;]*)", policy)
    assert ancestors is not None
    assert ancestors[1].split() == [
        "https://example.atlassian.net",
        "https://wiki.example.com",
    ]
    refused = client.get(url)
    assert refused.status_code == 401
    assert "evil" not in refused.headers["Content-Security-Policy"]
    assert "evil" not in refused.text


def test_no_setting_turns_a_check_off(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tenant: Tenant
) -> None:
    """AC_OPTS=no-auth (ACE), request_verification_enabled (Bolt), and the like."""
    for name, value in {
        "AC_OPTS": "no-auth,no-token-verfication,force-reg",
        "FLASK_DEBUG": "1",
        "FLASK_ENV": "development",
        "CONNECT_NO_AUTH": "1",
        "CONNECT_SKIP_QSH": "1",
    }.items():
        monkeypatch.setenv(name, value)
    app = create_app({**config, "DEBUG": True, "LOGIN_DISABLED": True})
    client = app.test_client()
    assert client.get("/overview").status_code == 401
    assert get(client, host_token(qsh=MISSING)) == 401
    assert get(client, host_token()) == 200
    with app.app_context():
        db.engine.dispose()


def test_a_route_without_a_policy_stops_the_start(app: Flask) -> None:
    """Frameworks whose decorator only marks a view (pixelwelding), or whose filter
    lets a request without a token through (SB), serve what was forgotten."""
    check(app)

    @app.get("/forgotten")
    def forgotten() -> str:
        return "open"

    with pytest.raises(ConfigurationError, match="/forgotten"):
        check(app)


def test_the_order_of_decorators_is_not_a_way_in(app: Flask, tenant: Tenant) -> None:
    """One policy above another would override it; that is refused instead."""
    view = app.view_functions["example.overview"]
    with pytest.raises(TypeError):
        public(view)


def test_a_secret_is_not_shown(app: Flask, tenant: Tenant, caplog: Any) -> None:
    """Bolt logs signature and body of what it refuses; SEN and secrets in logs are a
    violation of Atlassian's security requirements."""
    client = app.test_client()
    with caplog.at_level("DEBUG"):
        post(
            client,
            "installed",
            install_token(key=signing.OTHER_KEY, headers={"kid": "../"}),
        )
        get(client, host_token(secret=OTHER_SECRET))
    assert SECRET not in caplog.text + repr(tenant)
    assert ACCOUNT_ID not in caplog.text


def test_a_target_in_another_form_is_not_another_path(
    config: dict[str, Any], tenant: Tenant
) -> None:
    """A server routes the path it parses and hands out the target as it was sent:
    if the hash is taken of another reading, a token opens another page."""
    other = create_app(config)

    @other.get("/")
    @jwt_required
    def home() -> str:
        return "home"

    client = other.test_client()
    headers = authorization(host_token("GET", "/"))
    assert client.get("/", headers=headers).status_code == 200
    # gunicorn takes "GET http:/overview#:// HTTP/1.1" and routes /overview.
    raw = {"RAW_URI": "http:/overview#://", "REQUEST_URI": "http:/overview#://"}
    answer = client.get("/overview", headers=headers, environ_overrides=raw)
    assert answer.status_code == 401
    with other.app_context():
        db.engine.dispose()
