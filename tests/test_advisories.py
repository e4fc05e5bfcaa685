"""One test per published weakness of a Connect framework, and Atlassian's scanner.

Each docstring names the weakness and where it was published or found.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.config import ROOT
from app.connect import check, find_tenant, jwt_required
from app.connect.errors import ConfigurationError
from app.connect.inbound.verify import public
from app.connect.lint import iterate_modules
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.signing import (
    ACCOUNT_ID,
    APP_KEY,
    BASE_URL,
    CLIENT_KEY,
    KEY_ID,
    KEY_SERVER,
    MISSING,
    OTHER_SECRET,
    SECOND_KEY_SERVER,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)

NOW = int(time.time())
HOUR = 3600
LIFECYCLE = ("installed", "uninstalled", "enabled", "disabled")


@pytest.fixture
def world() -> Iterator[responses.RequestsMock]:
    """The first key server has the key; all else that is asked fails the test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{KEY_SERVER}/{KEY_ID}", body=signing.pem())
        yield mock


def post(
    client: FlaskClient, event: str, token: str | None, **changes: Any
) -> TestResponse:
    headers = {} if token is None else authorization(token)
    return client.post(f"/{event}", json=payload(event, **changes), headers=headers)


def get(client: FlaskClient, token: str, url: str = "/overview") -> int:
    return client.get(url, headers=authorization(token)).status_code


def base_url_of(app: Flask, client_key: str = CLIENT_KEY) -> str | None:
    with app.app_context():
        tenant = find_tenant(client_key)
    return None if tenant is None else tenant.base_url


def is_untouched(app: Flask, client: FlaskClient) -> bool:
    """Say whether the tenant is as the fixture installed it."""
    return base_url_of(app) == signing.SITE and get(client, host_token()) == 200


# --- published: Connect frameworks -----------------------------------------------


@pytest.mark.parametrize("event", LIFECYCLE)
@pytest.mark.parametrize("qsh", [MISSING, "context-qsh"], ids=["none", "context"])
def test_a_users_token_does_not_reinstall_the_app(
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    world: responses.RequestsMock,
    event: str,
    qsh: Any,
) -> None:
    """CVE-2021-26073 (ACE), CVE-2021-26074 (ACSB): lifecycle callbacks took a token
    without qsh, which any user gets from AP.context.getToken."""
    evil = {"baseUrl": "https://evil.atlassian.net/wiki"}
    token = host_token("POST", f"/{event}", qsh=qsh)
    assert post(client, event, token, **evil).status_code == 401
    assert is_untouched(app, client)
    # Even Atlassian's own signature needs the hash of this very request.
    token = install_token(f"/{event}", qsh=qsh)
    assert post(client, event, token, **evil).status_code == 401
    assert is_untouched(app, client)


@pytest.mark.parametrize("url", ["/overview", "/settings", "/macros/greeting"])
def test_a_users_token_opens_no_url_of_the_descriptor(
    client: FlaskClient, tenant: Tenant, url: str
) -> None:
    """CVE-2021-26077 (ACSB 2.1.4): the fix of the above was undone by a context
    token that was taken for a URL-bound one; Atlassian's sample app still does."""
    assert get(client, context_token(), url) == 401
    assert get(client, context_token(), "/api/context") == 200


def test_a_stranger_does_not_install_the_app_first(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """Before signed-install, the first install of an unknown client key needed no
    signature, so anyone could be a tenant, or be it before the real one."""
    assert post(client, "installed", None).status_code == 401
    by_the_secret_it_brings = host_token("POST", "/installed")
    assert post(client, "installed", by_the_secret_it_brings).status_code == 401
    assert base_url_of(app) is None
    assert post(client, "installed", install_token()).status_code == 204


def test_an_old_secret_does_not_sign_the_next_install(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """Before signed-install, a later install was signed with the previous secret:
    who once had a secret kept the tenant."""
    token = host_token("POST", "/installed")
    answer = post(client, "installed", token, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_an_unsigned_reinstall_of_a_known_tenant_is_refused(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """allow-reinstall-missing-host (ACSB) and AC_OPTS=force-reg (ACE) took them."""
    answer = post(client, "installed", None, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_a_token_with_a_changed_body_can_only_speak_for_its_tenant(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """The token does not cover the body (protocol; Play and others never compare):
    a tenant's own signed install must not overwrite another tenant."""
    own = install_token(iss="attacker")
    evil = {"baseUrl": "https://evil.atlassian.net/wiki", "sharedSecret": OTHER_SECRET}
    answer = post(client, "installed", own, clientKey=CLIENT_KEY, **evil)
    assert answer.status_code == 401
    assert is_untouched(app, client)
    gone = install_token("/uninstalled", iss="attacker")
    answer = post(client, "uninstalled", gone, clientKey=CLIENT_KEY)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_the_host_of_the_base_url_must_be_atlassians(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """The base URL stands in the body, which is not signed: calls with tokens would
    go wherever it says (halkeye even fetches it before any check)."""
    answer = post(client, "installed", install_token(), baseUrl="https://evil.example")
    assert answer.status_code == 401
    assert base_url_of(app) is None
    assert [call.request.url for call in world.calls] == [f"{KEY_SERVER}/{KEY_ID}"]


def test_an_app_for_one_does_not_take_the_install_of_another(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """ACE never compares the body's key: two apps behind one base URL mix up."""
    answer = post(client, "installed", install_token(), key="com.example.another")
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_the_audience_is_compared_and_not_searched(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """A substring match, or one that looks at aud[0] only (ACE), or at its head
    (Play), lets the install of another app in, or a right one out."""
    for aud in (
        f"{BASE_URL}.evil.example",
        f"https://evil.example/{BASE_URL}",
        [f"{BASE_URL}-2.example.com"],
        f"https://evil.example,{BASE_URL}",
    ):
        assert post(client, "installed", install_token(aud=aud)).status_code == 401
    assert base_url_of(app) is None
    both = install_token(aud=["https://other.example", BASE_URL])
    assert post(client, "installed", both).status_code == 204


def test_a_session_token_of_the_app_is_no_host_token(
    client: FlaskClient, tenant: Tenant
) -> None:
    """ACE's session tokens (iss = app key, aud = client key, no qsh) choose the
    tenant by aud[0], and checkValidToken takes any of three kinds on any path."""
    for claims in (
        {"iss": APP_KEY, "aud": [CLIENT_KEY], "qsh": MISSING},
        {"iss": APP_KEY, "aud": [CLIENT_KEY]},
        {"iss": APP_KEY, "aud": [CLIENT_KEY], "qsh": "context-qsh"},
        {"iss": MISSING, "aud": [CLIENT_KEY]},
    ):
        for url in ("/overview", "/api/context"):
            assert get(client, host_token("GET", url, **claims), url) == 401
            headers = {"X-acpt": host_token("GET", url, **claims)}
            assert client.get(url, headers=headers).status_code == 401
            query = {"acpt": headers["X-acpt"]}
            assert client.get(url, query_string=query).status_code == 401


def test_the_tenant_is_the_issuer_whatever_the_audience_says(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """ACE looks the tenant up by aud[0] where there is one."""
    own = {"clientKey": "attacker", "sharedSecret": OTHER_SECRET}
    token = install_token(iss="attacker")
    assert post(client, "installed", token, **own).status_code == 204
    token = context_token(iss="attacker", aud=[CLIENT_KEY], secret=OTHER_SECRET)
    answer = client.get("/api/context", headers=authorization(token))
    assert answer.json is not None
    assert answer.json["clientKey"] == "attacker"


def test_a_token_that_the_app_sent_is_not_taken_back(
    client: FlaskClient, tenant: Tenant
) -> None:
    """Host and app share one secret: what the app signs for a call to the host must
    not open the app (reflection)."""
    for url in ("/overview", "/api/context", "/enabled"):
        token = host_token("GET", url, iss=APP_KEY, aud=CLIENT_KEY, sub=MISSING)
        assert client.get(url, headers=authorization(token)).status_code in (401, 405)


# --- found in the peers ----------------------------------------------------------


def test_every_key_server_is_asked_for_the_key_id(
    config: dict[str, Any], app: Flask
) -> None:
    """ACE's fallback request forgets to append /{kid}."""
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", status=503)
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", body=signing.pem())
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "kid",
    ["../../evil", "..%2f..%2fevil", "a/b", "x?y", "x#y", "@evil.example", "", None, 1],
)
def test_a_key_id_chooses_no_other_url(
    client: FlaskClient, world: responses.RequestsMock, kid: Any
) -> None:
    """ACE puts kid=../../evil into the URL, and fetches /null without one."""
    good = install_token()
    header = {**jwt.get_unverified_header(good), "kid": kid}
    parts = good.split(".")
    parts[0] = base64.urlsafe_b64encode(json.dumps(header).encode()).decode()
    token = ".".join(part.rstrip("=") for part in parts)
    assert post(client, "installed", token).status_code == 401
    assert len(world.calls) == 0


@pytest.mark.parametrize("part", ["jku", "jwk", "x5u", "x5c"])
def test_a_token_brings_no_key_of_its_own(
    client: FlaskClient, world: responses.RequestsMock, part: str
) -> None:
    """RFC 7515 lets a header name its key; a verifier must not."""
    url = "https://evil.example/key"
    public_key = jwt.algorithms.RSAAlgorithm.to_jwk(
        signing.OTHER_KEY.public_key(), as_dict=True
    )
    value = {"jku": url, "x5u": url, "jwk": public_key, "x5c": [url]}[part]
    token = install_token(key=signing.OTHER_KEY, headers={part: value})
    assert post(client, "installed", token).status_code == 401
    asked = [call.request.url for call in world.calls]
    assert all(url.startswith(KEY_SERVER) for url in asked if url)


def test_an_error_page_is_not_a_key(app: Flask) -> None:
    """ACE takes a 404 page for a key; with HS256 its text would be a secret."""
    page = "<html>not found</html>"
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", status=404, body=page)
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", status=404, body=signing.pem())
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_a_key_server_does_not_send_us_elsewhere(app: Flask) -> None:
    """CVE-2023-28155 (request, ACE before 8.0.0): redirects across protocols."""
    evil = {"Location": "http://169.254.169.254/latest"}
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/{KEY_ID}", status=302, headers=evil)
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_the_body_chooses_no_key_server(
    client: FlaskClient, world: responses.RequestsMock
) -> None:
    """ACE chooses the key server by the host of the body's base URL, unverified:
    a staging host would bring staging's keys."""
    for base_url in ("https://x.jira-dev.com", "https://x.atlassian-stg-fedm.net"):
        answer = post(client, "installed", install_token(), baseUrl=base_url)
        assert answer.status_code == 401
    asked = {call.request.url for call in world.calls}
    assert asked == {f"{KEY_SERVER}/{KEY_ID}"}


def test_a_key_server_that_hangs_is_not_waited_for(app: Flask) -> None:
    """ACE and others fetch keys without a time-out."""
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/{KEY_ID}", body=requests.ReadTimeout())
        answer = post(app.test_client(), "installed", install_token())
        assert all(call.request.req_kwargs["timeout"] for call in network.calls)
    assert answer.status_code == 503


def test_the_public_key_is_not_a_shared_secret(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """Algorithm confusion (CVE-2022-29217 in PyJWT, CVE-2015-9235 in jsonwebtoken):
    HS256 by the public key, which everybody has."""

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    for event in ("installed", "uninstalled"):
        good = install_token(f"/{event}")
        header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": KEY_ID}).encode()
        signed = encode(header) + b"." + good.split(".")[1].encode()
        signature = hmac.new(signing.pem(), signed, hashlib.sha256).digest()
        token = (signed + b"." + encode(signature)).decode()
        assert post(client, event, token).status_code == 401
    assert is_untouched(app, client)


def test_a_weak_key_is_not_a_key(app: Flask) -> None:
    """CVE-2022-23541 and its like: keys too short to trust."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    signed = install_token().rpartition(".")[0]
    signature = weak.sign(signed.encode(), PKCS1v15(), SHA256())
    token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", body=signing.pem(weak))
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", status=404)
        answer = post(app.test_client(), "installed", token)
    assert answer.status_code == 401


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
    """ACE checks exp only where there is one."""
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
    """A policy below another would be undone by it; it is refused instead."""
    view = app.view_functions["pages.overview"]
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


# --- Atlassian's scanner (connect-security-req-tester) ----------------------------


def descriptor_urls() -> list[str]:
    """Return the path of every URL that the descriptor declares."""
    text = (ROOT / "atlassian-connect.json").read_text(encoding="utf-8")
    descriptor = json.loads(text)
    urls = list(descriptor["lifecycle"].values())
    urls += [m["url"] for _, _, m in iterate_modules(descriptor) if "url" in m]
    return [re.sub(r"\{[^{}]*\}", "x", url) for url in urls if url.startswith("/")]


def forged(method: str, url: str) -> dict[str, dict[str, str]]:
    """Return the scanner's requests: headers by what is wrong with them."""
    hashed = signing.qsh(method, url)
    claims = {"iss": CLIENT_KEY, "iat": NOW, "exp": NOW + HOUR, "qsh": hashed}
    none = jwt.encode(claims, None, "none")
    return {
        "no-token": {},
        "forged-hs256": authorization(jwt.encode(claims, "x" * 32, "HS256")),
        "alg-none": authorization(none),
        "forged-rs256": authorization(
            install_token(url, key=signing.OTHER_KEY, headers={"kid": "fake-kid"})
        ),
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("url", descriptor_urls())
@pytest.mark.parametrize("kind", forged("GET", "/"))
def test_scanner_1_1_every_url_refuses_a_forged_token(
    client: FlaskClient, tenant: Tenant, method: str, url: str, kind: str
) -> None:
    """Scanner 1.1: a request without a token, with a forged HS256 one or with
    alg none is answered 400 or more."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/fake-kid", status=404)
        answer = client.open(
            url,
            method=method,
            headers=forged(method, url)[kind],
            json=payload(url.strip("/")) if method == "POST" else None,
        )
    assert answer.status_code in (401, 405)
    allowed = (
        {"GET": 405, "POST": 401}
        if url.strip("/") in LIFECYCLE
        else {
            "GET": 401,
            "POST": 405,
        }
    )
    assert answer.status_code == allowed[method]


@pytest.mark.parametrize("event", ["installed", "uninstalled"])
def test_scanner_1_4_a_wrong_install_key_is_refused(
    app: Flask, client: FlaskClient, tenant: Tenant, event: str
) -> None:
    """Scanner 1.4: an RS256 token by a wrong key (kid fake-kid, aud = our base URL)
    on install and uninstall is answered 400 or more."""
    token = install_token(
        f"/{event}", key=signing.OTHER_KEY, headers={"kid": "fake-kid"}
    )
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/fake-kid", status=404)
        assert post(client, event, token).status_code == 401
    # The same with the kid of a real key, so that its own signature is looked at.
    token = install_token(f"/{event}", key=signing.OTHER_KEY)
    assert post(client, event, token).status_code == 401
    assert is_untouched(app, client)


@pytest.mark.parametrize(
    ("user", "status"),
    [
        pytest.param({"operations": []}, 403, id="no-administrator"),
        pytest.param({}, 403, id="no-operations"),
        pytest.param(
            {"operations": [{"operation": "administer", "targetType": "space"}]},
            403,
            id="of-a-space",
        ),
        pytest.param(
            {"operations": [{"operation": "administer", "targetType": "application"}]},
            200,
            id="administrator",
        ),
    ],
)
def test_scanner_1_2_an_admin_page_is_for_administrators(
    client: FlaskClient, tenant: Tenant, user: dict[str, Any], status: int
) -> None:
    """Scanner 1.2: the token of a user who is no administrator is answered 400 or
    more on admin pages."""
    with responses.RequestsMock() as network:
        network.get(f"{signing.SITE}/rest/api/user", json=user)
        assert get(client, host_token("GET", "/settings"), "/settings") == status


ANSWERED = [*descriptor_urls(), "/", "/atlassian-connect.json", "/api/context"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("url", ANSWERED)
def test_scanner_3_0_and_7_2_headers_are_on_every_answer(
    client: FlaskClient, method: str, url: str
) -> None:
    """Scanner 3.0: HSTS for at least a year; 7.2: a Referrer-Policy that is not
    weak."""
    answer = client.open(url, method=method)
    hsts = answer.headers["Strict-Transport-Security"]
    age = re.fullmatch(r"max-age=([0-9]+); includeSubDomains", hsts)
    assert age is not None
    assert int(age[1]) >= 31_536_000
    policy = answer.headers["Referrer-Policy"].split(",")[0].strip()
    assert policy in ("no-referrer", "same-origin", "strict-origin")


@pytest.mark.parametrize("url", descriptor_urls())
def test_scanner_7_3_no_module_is_cached(
    client: FlaskClient, tenant: Tenant, url: str
) -> None:
    """Scanner 7.3: Cache-Control holds both no-cache and no-store, also on what is
    served; 7.4: no cookies."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        admin = [{"operation": "administer", "targetType": "application"}]
        network.get(f"{signing.SITE}/rest/api/user", json={"operations": admin})
        served = client.get(url, headers=authorization(host_token("GET", url)))
    assert served.status_code == (405 if url.strip("/") in LIFECYCLE else 200)
    for answer in (served, client.get(url)):
        directives = answer.headers["Cache-Control"].replace(" ", "").split(",")
        assert {"no-cache", "no-store"} <= set(directives)
        assert "Set-Cookie" not in answer.headers
