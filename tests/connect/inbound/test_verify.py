"""Each policy lets in its own kind of token, and no other."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import create_app
from app.connect import (
    context_jwt_required,
    current_tenant,
    find_tenant,
    jwt_required,
    public,
)
from app.connect.inbound.verify import (
    Policy,
    policy_of,
    signed_install_required,
    verify_url_bound,
)
from app.connect.tenants import cache
from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.signing import (
    ACCOUNT_ID,
    APP_KEY,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)

NEWEST_SECRET = "ATCO" + "n" * 60
GUARDED = (
    ("GET", "/overview"),
    ("GET", "/settings"),
    ("GET", "/macros/greeting"),
    ("GET", "/api/context"),
    ("GET", "/api/license"),
    ("PUT", "/api/note"),
    ("DELETE", "/api/menu-link"),
    ("POST", "/installed"),
    ("POST", "/uninstalled"),
    ("POST", "/enabled"),
    ("POST", "/disabled"),
)


def ask(client: FlaskClient, url: str, token: str, method: str = "GET") -> int:
    """Return the status of a request with a token and a fitting lifecycle body."""
    body = payload(url.strip("/")) if method == "POST" else None
    answer = client.open(url, method=method, headers=authorization(token), json=body)
    return answer.status_code


def app_token(method: str, url: str, **claims: Any) -> str:
    """Sign what the app itself sends to the host."""
    own = {"iss": APP_KEY, "aud": CLIENT_KEY, "sub": MISSING, "context": MISSING}
    return host_token(method, url, **{**own, **claims})


def forge_token() -> str:
    """Sign what Forge would send to a remote."""
    now = int(time.time())
    claims = {
        "iss": "forge/invocation-token",
        "aud": "ari:cloud:ecosystem::app/1",
        "iat": now,
        "exp": now + 60,
        "app": {"installationId": "ari:cloud:ecosystem::installation/1"},
        "principal": ACCOUNT_ID,
    }
    headers = {"kid": signing.KEY_ID}
    return jwt.encode(claims, signing.INSTALL_KEY, "RS256", headers=headers)


KINDS: dict[str, Callable[[str, str], str]] = {
    "url-bound": host_token,
    "context": lambda method, url: context_token(),
    "signed-install": lambda method, url: install_token(qsh=signing.qsh(method, url)),
    "signed-install-with-context-qsh": lambda m, u: install_token(qsh="context-qsh"),
    "session": lambda m, u: app_token(m, u, aud=[CLIENT_KEY], qsh=MISSING),
    "outbound": app_token,
    "outbound-with-context-qsh": lambda m, u: app_token(m, u, qsh="context-qsh"),
    "forge": lambda method, url: forge_token(),
    "no-qsh": lambda m, u: host_token(m, u, qsh=MISSING),
}
POLICIES = {
    ("GET", "/overview"): "url-bound",
    ("GET", "/api/context"): "context",
    ("POST", "/enabled"): "url-bound",
    ("POST", "/disabled"): "url-bound",
    ("POST", "/installed"): "signed-install",
    ("POST", "/uninstalled"): "signed-install",
}


@pytest.fixture
def any_key_server() -> Iterator[responses.RequestsMock]:
    """A key server that may be asked or not."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        yield mock


@pytest.mark.parametrize(("method", "url"), POLICIES, ids=lambda part: part)
@pytest.mark.parametrize("kind", KINDS)
def test_each_policy_takes_its_own_kind_of_token_only(
    client: FlaskClient,
    tenant: Tenant,
    any_key_server: responses.RequestsMock,
    method: str,
    url: str,
    kind: str,
) -> None:
    status = ask(client, url, KINDS[kind](method, url), method)
    if POLICIES[method, url] == kind:
        assert status in (200, 204)
    else:
        assert status == 401


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "Token", "JWTS", "X-JWT"])
def test_a_token_under_another_scheme_is_no_token(
    client: FlaskClient, tenant: Tenant, kind: str, scheme: str
) -> None:
    token = KINDS[kind]("GET", "/overview")
    headers = {"Authorization": f"{scheme} {token}"}
    assert client.get("/overview", headers=headers).status_code == 401


@pytest.fixture
def own_routes(app: Flask) -> None:
    """Routes that a fork adds."""

    @app.route("/mine", methods=["GET", "POST", "HEAD"])
    @jwt_required
    def mine() -> str:
        return current_tenant.client_key

    @app.get("/mine/xhr")
    @context_jwt_required
    def xhr() -> str:
        return current_tenant.client_key

    @app.post("/mine/signed")
    @signed_install_required
    def signed() -> str:
        return "signed"

    @app.get("/mine/public")
    @public
    def anyone() -> str:
        try:
            return current_tenant.client_key
        except RuntimeError:
            return "nobody"

    @app.get("/mine/lines/<rest>")
    @jwt_required
    def lines(rest: str) -> str:
        return rest


def test_a_forks_own_routes_keep_their_policy(
    own_routes: None,
    client: FlaskClient,
    tenant: Tenant,
    any_key_server: responses.RequestsMock,
) -> None:
    def status(method: str, url: str, token: str) -> int:
        answer = client.open(url, method=method, headers=authorization(token))
        return answer.status_code

    signed = signing.install_token("/mine/signed")
    assert status("GET", "/mine", host_token("GET", "/mine")) == 200
    assert status("GET", "/mine", context_token()) == 401
    assert status("GET", "/mine", host_token("GET", "/overview")) == 401
    assert status("POST", "/mine", host_token("GET", "/mine")) == 401
    assert status("HEAD", "/mine", host_token("GET", "/mine")) == 401
    assert status("GET", "/mine/xhr", context_token()) == 200
    assert status("GET", "/mine/xhr", host_token("GET", "/mine/xhr")) == 401
    assert status("GET", "/mine/public", "x") == 200
    assert status("POST", "/mine/signed", signed) == 200
    assert status("POST", "/mine/signed", install_token()) == 401
    assert status("POST", "/mine/signed", host_token("POST", "/mine/signed")) == 401


def test_an_async_view_keeps_its_policy(
    app: Flask, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def run(view: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: asyncio.run(view(*args, **kwargs))

    # Flask's own way to run such views wants a package more.
    monkeypatch.setattr(app, "async_to_sync", run)

    @app.get("/mine/async")
    @jwt_required
    async def waits() -> str:
        await asyncio.sleep(0)
        return current_tenant.client_key

    request.getfixturevalue("tenant")
    client = app.test_client()
    headers = authorization(host_token("GET", "/mine/async"))
    assert client.get("/mine/async", headers=headers).text == CLIENT_KEY
    assert ask(client, "/mine/async", host_token()) == 401
    assert ask(client, "/mine/async", context_token()) == 401


def test_a_view_has_exactly_one_policy() -> None:
    def view() -> str:
        return ""

    for declare in (public, jwt_required, context_jwt_required):
        assert policy_of(declare(lambda: "")) is not None
        with pytest.raises(TypeError):
            declare(public(lambda: ""))
        with pytest.raises(TypeError):
            public(declare(lambda: ""))
    assert policy_of(view) is None
    assert policy_of(None) is None
    assert policy_of(jwt_required(view)) is Policy.URL_BOUND
    assert policy_of(view) is None


def test_the_policy_can_be_verified_without_a_decorator(
    app: Flask, tenant: Tenant
) -> None:
    headers = authorization(host_token())
    with app.test_request_context("/overview", headers=headers):
        verify_url_bound()
        assert current_tenant == tenant


# --- one thing is wrong with the token -------------------------------------------

NOW = int(time.time())
HOUR = 3600


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as-the-host-signs"),
        pytest.param({"iat": NOW + 20}, id="iat-within-the-leeway"),
        pytest.param({"nbf": NOW + 20}, id="nbf-within-the-leeway"),
        pytest.param({"exp": NOW + HOUR + 0.5}, id="exp-not-whole"),
        pytest.param({"sub": MISSING}, id="anonymous"),
        pytest.param({"context": MISSING}, id="no-context"),
        pytest.param({"context": None}, id="null-context"),
        pytest.param({"aud": "anything"}, id="aud-is-not-looked-at"),
        pytest.param({"more": {"a": [1, "\N{GRINNING FACE}"]}}, id="more-claims"),
        pytest.param({"headers": {"typ": None}}, id="no-typ"),
        pytest.param({"headers": {"kid": "../../evil"}}, id="kid-is-not-looked-at"),
    ],
)
def test_accepts(client: FlaskClient, tenant: Tenant, changes: dict[str, Any]) -> None:
    changes = dict(changes)
    if changes.get("headers", {}).get("typ") is MISSING:
        changes["headers"] = {"typ": None}
    assert ask(client, "/overview", host_token(**changes)) == 200


def test_the_leeway_is_a_setting(
    config: dict[str, Any], client: FlaskClient, tenant: Tenant
) -> None:
    def expired() -> str:
        return host_token(exp=int(time.time()) - 10)

    strict = create_app({**config, "CONNECT_CLOCK_LEEWAY": 5})
    assert ask(client, "/overview", expired()) == 200
    assert ask(strict.test_client(), "/overview", host_token()) == 200
    assert ask(strict.test_client(), "/overview", expired()) == 401
    with strict.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"secret": OTHER_SECRET}, id="secret"),
        pytest.param({"algorithm": "HS384"}, id="hs384"),
        pytest.param({"algorithm": "HS512"}, id="hs512"),
        pytest.param({"algorithm": "none", "secret": None}, id="none"),
        pytest.param({"headers": {"crit": ["exp"]}}, id="crit"),
        pytest.param({"headers": {"b64": False}}, id="b64"),
        pytest.param({"iss": MISSING}, id="iss-missing"),
        pytest.param({"iss": "unknown"}, id="iss-unknown"),
        pytest.param({"iss": CLIENT_KEY.upper() + "A"}, id="iss-longer"),
        pytest.param({"iss": f" {CLIENT_KEY}"}, id="iss-padded"),
        pytest.param({"iss": ""}, id="iss-empty"),
        pytest.param({"iss": APP_KEY}, id="iss-is-the-app"),
        pytest.param({"iss": CLIENT_KEY + "\0"}, id="iss-nul"),
        pytest.param({"iss": "i" * 256}, id="iss-long"),
        pytest.param({"sub": None}, id="sub-null"),
        pytest.param({"sub": 1}, id="sub-number"),
        pytest.param({"sub": ""}, id="sub-empty"),
        pytest.param({"sub": "a\nb"}, id="sub-newline"),
        pytest.param({"iat": MISSING}, id="iat-missing"),
        pytest.param({"iat": NOW + HOUR}, id="iat-in-the-future"),
        pytest.param({"iat": str(NOW)}, id="iat-string"),
        pytest.param({"iat": True}, id="iat-bool"),
        pytest.param({"iat": float("nan")}, id="iat-nan"),
        pytest.param({"iat": float("-inf")}, id="iat-infinite"),
        pytest.param({"iat": -(10**400)}, id="iat-no-float-holds"),
        pytest.param({"exp": MISSING}, id="exp-missing"),
        pytest.param({"exp": NOW - HOUR}, id="exp-past"),
        pytest.param({"exp": None}, id="exp-null"),
        pytest.param({"exp": str(NOW + HOUR)}, id="exp-string"),
        pytest.param({"exp": [NOW + HOUR]}, id="exp-list"),
        pytest.param({"exp": float("inf")}, id="exp-infinite"),
        pytest.param({"nbf": NOW + HOUR}, id="nbf-in-the-future"),
        pytest.param({"nbf": "0"}, id="nbf-string"),
        pytest.param({"qsh": MISSING}, id="qsh-missing"),
        pytest.param({"qsh": None}, id="qsh-null"),
        pytest.param({"qsh": 1}, id="qsh-number"),
        pytest.param({"qsh": True}, id="qsh-bool"),
        pytest.param({"qsh": ""}, id="qsh-empty"),
        pytest.param({"qsh": "context-qsh"}, id="qsh-context"),
        pytest.param({"qsh": "é" * 64}, id="qsh-non-ascii"),
        pytest.param({"qsh": [signing.qsh("GET", "/overview")]}, id="qsh-list"),
        pytest.param({"qsh": signing.qsh("GET", "/overview").upper()}, id="qsh-upper"),
        pytest.param({"qsh": signing.qsh("GET", "/overview")[:-1]}, id="qsh-shorter"),
        pytest.param({"context": []}, id="context-list"),
        pytest.param({"context": "{}"}, id="context-string"),
        pytest.param({"context": {"a": "\ud800"}}, id="half-a-character"),
        pytest.param({"more": {"\udfff": 1}}, id="half-a-character-in-a-name"),
        pytest.param({"more": "x" * 8192}, id="over-8-kb"),
    ],
)
def test_rejects(client: FlaskClient, tenant: Tenant, changes: dict[str, Any]) -> None:
    assert ask(client, "/overview", host_token(**changes)) == 401


def test_rejects_a_second_issuer_beside_the_known_one(
    client: FlaskClient, tenant: Tenant
) -> None:
    """Names that repeat are read alike before and after the signature is checked."""
    good = {
        "sub": ACCOUNT_ID,
        "iat": NOW,
        "exp": NOW + HOUR,
        "qsh": signing.qsh("GET", "/overview"),
    }
    rest = json.dumps(good)[1:]

    def signed(*issuers: str) -> str:
        named = ", ".join(f'"iss": {json.dumps(issuer)}' for issuer in issuers)
        return raw_token(b'{"alg": "HS256"}', f"{{{named}, {rest}".encode())

    assert ask(client, "/overview", signed("unknown", CLIENT_KEY)) == 200
    assert ask(client, "/overview", signed(CLIENT_KEY, "unknown")) == 401


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "none"}, id="none"),
        pytest.param({"alg": "hs256"}, id="lower-case"),
        pytest.param({"alg": "RS256"}, id="rs256"),
        pytest.param({"alg": ["HS256"]}, id="list"),
        pytest.param({"alg": None}, id="null"),
        pytest.param({}, id="missing"),
        pytest.param({"alg": "HS256", "crit": ["b64"], "b64": True}, id="crit"),
        pytest.param({"alg": "HS256", "crit": []}, id="empty-crit"),
        pytest.param({"alg": "HS256", "crit": None}, id="null-crit"),
    ],
)
def test_the_header_is_checked_whatever_signed_the_token(
    client: FlaskClient, tenant: Tenant, header: dict[str, Any]
) -> None:
    body = payload_of(host_token())
    assert ask(client, "/overview", raw_token(b'{"alg": "HS256"}', body)) == 200
    assert ask(client, "/overview", raw_token(json.dumps(header).encode(), body)) == 401


def payload_of(token: str) -> bytes:
    """Return the bytes of a token's payload."""
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


def raw_token(header: bytes, body: bytes, secret: str = SECRET) -> str:
    """Sign any bytes."""

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    signed = encode(header) + b"." + encode(body)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"text"', id="string"),
        pytest.param(b"\xff", id="not-utf-8"),
        pytest.param(b"[" * 3000, id="deep"),
        pytest.param(b'{"iat": ' + b"9" * 5000 + b"}", id="long-number"),
    ],
)
@pytest.mark.parametrize("part", ["header", "payload"])
def test_a_token_of_other_json_is_refused(
    client: FlaskClient, tenant: Tenant, body: bytes, part: str
) -> None:
    good_header = b'{"alg": "HS256", "typ": "JWT"}'
    good_body = payload_of(host_token())
    assert ask(client, "/overview", raw_token(good_header, good_body)) == 200
    token = raw_token(*((body, good_body) if part == "header" else (good_header, body)))
    assert ask(client, "/overview", token) == 401


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le", "utf-8-sig"])
def test_a_payload_in_another_encoding_than_utf_8_is_refused(
    client: FlaskClient, tenant: Tenant, encoding: str
) -> None:
    good = payload_of(host_token()).decode()
    header = b'{"alg": "HS256", "typ": "JWT"}'
    assert ask(client, "/overview", raw_token(header, good.encode())) == 200
    assert ask(client, "/overview", raw_token(header, good.encode(encoding))) == 401


def test_half_a_character_in_raw_bytes_is_refused(
    client: FlaskClient, tenant: Tenant
) -> None:
    good = payload_of(host_token(context={"a": "?"}))
    header = b'{"alg": "HS256", "typ": "JWT"}'
    assert ask(client, "/overview", raw_token(header, good)) == 200
    bad = good.replace(b'"?"', b'"\xed\xa0\x80"')
    assert ask(client, "/overview", raw_token(header, bad)) == 401


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda t: t.rsplit(".", 1)[0], id="two-parts"),
        pytest.param(lambda t: t.rsplit(".", 1)[0] + ".", id="no-signature"),
        pytest.param(lambda t: t + ".x", id="four-parts"),
        pytest.param(lambda t: "." + t, id="empty-header"),
        pytest.param(lambda t: t.replace(".", ".x.", 1), id="part-in-the-middle"),
        pytest.param(lambda t: t[:-6] + "AAAAAA", id="other-signature"),
        pytest.param(lambda t: t + "%00", id="nul"),
        pytest.param(lambda t: t + "é", id="non-ascii"),
    ],
)
def test_a_token_that_was_touched_is_refused(
    client: FlaskClient, tenant: Tenant, mangle: Callable[[str], str]
) -> None:
    token = host_token()
    assert client.get("/overview", query_string={"jwt": token}).status_code == 200
    answer = client.get("/overview", query_string={"jwt": mangle(token)})
    assert answer.status_code == 401


def test_the_token_of_one_tenant_names_no_other(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    install(clientKey="other", sharedSecret=OTHER_SECRET)
    other = {"iss": "other", "secret": OTHER_SECRET}
    assert ask(client, "/overview", host_token(**other)) == 200
    assert ask(client, "/overview", host_token(secret=OTHER_SECRET)) == 401
    assert ask(client, "/overview", host_token(iss="other")) == 401
    token = host_token(**{**other, "aud": CLIENT_KEY})
    answer = client.get(
        "/api/context",
        headers=authorization(context_token(**{**other, "aud": [CLIENT_KEY]})),
    )
    assert answer.json is not None
    assert answer.json["clientKey"] == "other"
    assert ask(client, "/overview", token) == 200


# --- who the user is -------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "account_id"),
    [
        pytest.param({}, ACCOUNT_ID, id="sub"),
        pytest.param(
            {"context": {"user": {"accountId": "other"}}}, ACCOUNT_ID, id="sub-first"
        ),
        pytest.param(
            {"sub": MISSING, "context": {"user": {"accountId": "other"}}},
            "other",
            id="context",
        ),
        pytest.param({"sub": MISSING}, None, id="neither"),
        pytest.param({"sub": MISSING, "context": {"user": None}}, None, id="null-user"),
        pytest.param({"sub": MISSING, "context": {"user": "u"}}, None, id="text-user"),
        pytest.param({"sub": MISSING, "context": {"user": {}}}, None, id="empty-user"),
        pytest.param(
            {"sub": MISSING, "context": {"user": {"accountId": ""}}}, None, id="empty"
        ),
        pytest.param(
            {"sub": MISSING, "context": {"user": {"accountId": None}}}, None, id="null"
        ),
    ],
)
def test_names_the_user(
    client: FlaskClient, tenant: Tenant, claims: dict[str, Any], account_id: str | None
) -> None:
    token = context_token(**claims)
    answer = client.get("/api/context", headers=authorization(token))
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["accountId"] == account_id
    assert answer.json["clientKey"] == CLIENT_KEY
    assert answer.json["context"] == (claims.get("context") or {})


@pytest.mark.parametrize(
    "account_id", [1, ["x"], {"a": 1}, "a\0b", "a\nb", "x" * 256], ids=repr
)
def test_a_user_of_the_context_is_a_plain_name(
    client: FlaskClient, tenant: Tenant, account_id: Any
) -> None:
    good = context_token(sub=MISSING, context={"user": {"accountId": "x"}})
    assert ask(client, "/api/context", good) == 200
    bad = context_token(sub=MISSING, context={"user": {"accountId": account_id}})
    assert ask(client, "/api/context", bad) == 401


def test_a_request_that_follows_starts_afresh(
    own_routes: None, app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    with app.app_context():
        assert ask(client, "/mine", host_token("GET", "/mine")) == 200
        assert client.get("/mine/public").text == "nobody"


# --- which tenants ---------------------------------------------------------------


@pytest.fixture
def install(
    client: FlaskClient, any_key_server: responses.RequestsMock
) -> Callable[..., None]:
    """Install a tenant through the front door; the fields are the payload's."""

    def send(**changes: Any) -> None:
        body = payload(**changes)
        headers = authorization(install_token(iss=body["clientKey"]))
        assert client.post("/installed", json=body, headers=headers).status_code == 204

    return send


def lifecycle(client: FlaskClient, event_name: str, **options: Any) -> int:
    url = f"/{event_name}"
    if event_name in ("installed", "uninstalled"):
        token = install_token(url)
    else:
        token = host_token("POST", url, **options)
    answer = client.post(url, json=payload(event_name), headers=authorization(token))
    return answer.status_code


def test_a_tenant_is_served_while_it_is_installed_and_enabled(
    client: FlaskClient,
    tenant: Tenant,
    install: Callable[..., None],
) -> None:
    assert ask(client, "/overview", host_token()) == 200
    assert lifecycle(client, "disabled") == 204
    assert ask(client, "/overview", host_token()) == 401
    assert ask(client, "/api/context", context_token()) == 401
    assert lifecycle(client, "enabled") == 204
    assert ask(client, "/overview", host_token()) == 200
    assert lifecycle(client, "uninstalled") == 204
    assert ask(client, "/overview", host_token()) == 401
    assert lifecycle(client, "enabled") == 401
    assert lifecycle(client, "disabled") == 204
    install()
    assert ask(client, "/overview", host_token()) == 200


def test_a_tenant_is_not_known_to_an_app_without_it(client: FlaskClient) -> None:
    assert ask(client, "/overview", host_token()) == 401


# --- the secret that was before --------------------------------------------------


def statuses(client: FlaskClient, *secrets: str) -> list[int]:
    return [ask(client, "/overview", host_token(secret=secret)) for secret in secrets]


def test_the_previous_secret_is_good_until_the_new_one_is_used(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert statuses(client, SECRET, SECRET) == [200, 200]
    assert statuses(client, OTHER_SECRET) == [200]
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]


def test_a_token_that_is_refused_does_not_retire_a_secret(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    for bad in ({"qsh": "x"}, {"exp": NOW - HOUR}, {"context": []}):
        assert ask(client, "/overview", host_token(secret=OTHER_SECRET, **bad)) == 401
    assert statuses(client, SECRET, OTHER_SECRET, SECRET) == [200, 200, 401]


def test_the_previous_secret_is_good_within_its_grace(
    app: Flask, client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert statuses(client, SECRET) == [200]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            text("UPDATE tenant SET previous_secret_until = '2020-01-01 00:00:00'")
        )
        get_state().tenants._cache.forget(CLIENT_KEY)
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]


def test_without_a_grace_the_previous_secret_is_refused_at_once(
    config: dict[str, Any], app: Flask, install: Callable[..., None]
) -> None:
    install()
    hasty = create_app({**config, "CONNECT_SECRET_GRACE": 0})
    client = hasty.test_client()
    assert statuses(client, SECRET) == [200]
    body = payload(sharedSecret=OTHER_SECRET)
    answer = client.post(
        "/installed", json=body, headers=authorization(install_token())
    )
    assert answer.status_code == 204
    assert statuses(client, SECRET, OTHER_SECRET) == [401, 200]
    with hasty.app_context():
        db.engine.dispose()


def test_the_last_secret_that_was_used_outlives_installs_that_were_not(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    install(sharedSecret=NEWEST_SECRET)
    assert statuses(client, SECRET) == [200]
    assert statuses(client, OTHER_SECRET) == [401]
    assert statuses(client, NEWEST_SECRET, SECRET) == [200, 401]


def test_a_replaced_secret_is_good_for_a_context_token_too(
    client: FlaskClient, tenant: Tenant, install: Callable[..., None]
) -> None:
    assert statuses(client, SECRET) == [200]
    install(sharedSecret=OTHER_SECRET)
    assert ask(client, "/api/context", context_token()) == 200
    assert ask(client, "/api/context", context_token(secret=OTHER_SECRET)) == 200
    assert ask(client, "/api/context", context_token()) == 401


def test_a_failure_to_retire_a_secret_does_not_fail_the_request(
    config: dict[str, Any],
    app: Flask,
    tenant: Tenant,
    tmp_path: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"sqlite:///file:{tmp_path / 'app.sqlite3'}?mode=ro&uri=true"
    reader = create_app({**config, "DATABASE_URL": url})
    assert ask(reader.test_client(), "/overview", host_token()) == 200
    assert "could not retire a secret: OperationalError" in caplog.text
    with reader.app_context():
        db.engine.dispose()


# --- what each worker remembers --------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is moved."""
    clock = SimpleNamespace(now=1000.0)
    standing = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(cache, "time", standing)
    return clock


@pytest.fixture
def worker(config: dict[str, Any], tenant: Tenant) -> Iterator[FlaskClient]:
    """Another worker on the same database."""
    app = create_app(config)
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def warm(client: FlaskClient, tenant: Tenant, clock: SimpleNamespace) -> FlaskClient:
    """A worker that has just served the tenant, whose secret is in use."""
    assert statuses(client, SECRET, SECRET) == [200, 200]
    return client


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement that is sent meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_a_cached_tenant_costs_no_sql(
    warm: FlaskClient, clock: SimpleNamespace, statements: list[str]
) -> None:
    assert ask(warm, "/overview", host_token()) == 200
    assert ask(warm, "/api/context", context_token()) == 200
    assert statements == []
    clock.now += 29.9
    assert ask(warm, "/overview", host_token()) == 200
    assert statements == []
    clock.now += 0.1
    assert ask(warm, "/overview", host_token()) == 200
    assert len(statements) == 1


def test_a_bad_signature_is_checked_against_the_database_once(
    warm: FlaskClient, statements: list[str]
) -> None:
    assert ask(warm, "/overview", host_token(secret=OTHER_SECRET)) == 401
    assert len(statements) == 1


@pytest.mark.parametrize(
    "claims", [{"qsh": "x"}, {"exp": NOW - HOUR}, {"context": []}], ids=repr
)
def test_another_fault_is_not_asked_about(
    warm: FlaskClient, statements: list[str], claims: dict[str, Any]
) -> None:
    assert ask(warm, "/overview", host_token(**claims)) == 401
    assert statements == []


def test_a_secret_that_another_worker_stored_is_good_at_once(
    warm: FlaskClient, worker: FlaskClient, any_key_server: responses.RequestsMock
) -> None:
    body = payload(sharedSecret=OTHER_SECRET)
    headers = authorization(install_token())
    assert worker.post("/installed", json=body, headers=headers).status_code == 204
    assert statuses(warm, OTHER_SECRET) == [200]
    assert statuses(warm, SECRET) == [401]
    assert statuses(worker, SECRET, OTHER_SECRET) == [401, 200]


def test_a_secret_that_another_worker_retired_is_refused_within_the_cache_time(
    warm: FlaskClient,
    worker: FlaskClient,
    clock: SimpleNamespace,
    any_key_server: responses.RequestsMock,
) -> None:
    body = payload(sharedSecret=OTHER_SECRET)
    headers = authorization(install_token())
    assert worker.post("/installed", json=body, headers=headers).status_code == 204
    assert statuses(worker, OTHER_SECRET) == [200]
    clock.now += 30
    assert statuses(warm, SECRET) == [401]


def test_an_uninstall_by_another_worker_is_honoured_within_the_cache_time(
    warm: FlaskClient,
    worker: FlaskClient,
    clock: SimpleNamespace,
    any_key_server: responses.RequestsMock,
) -> None:
    assert lifecycle(worker, "uninstalled") == 204
    assert statuses(worker, SECRET) == [401]
    clock.now += 30
    assert statuses(warm, SECRET) == [401]


def test_without_a_cache_an_uninstall_by_another_worker_is_honoured_at_once(
    config: dict[str, Any],
    worker: FlaskClient,
    any_key_server: responses.RequestsMock,
) -> None:
    careful = create_app({**config, "CONNECT_TENANT_CACHE_SECONDS": 0})
    client = careful.test_client()
    assert statuses(client, SECRET) == [200]
    assert lifecycle(worker, "uninstalled") == 204
    assert statuses(client, SECRET) == [401]
    with careful.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("back", ["enabled", "installed"])
def test_a_return_by_another_worker_is_honoured_at_once(
    warm: FlaskClient,
    worker: FlaskClient,
    any_key_server: responses.RequestsMock,
    back: str,
) -> None:
    gone = {"enabled": "disabled", "installed": "uninstalled"}[back]
    assert lifecycle(warm, gone) == 204
    assert statuses(warm, SECRET) == [401]
    assert lifecycle(worker, back) == 204
    assert statuses(warm, SECRET) == [200]


def test_a_tenant_that_another_worker_purged_is_forgotten(
    app: Flask, warm: FlaskClient, clock: SimpleNamespace
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM tenant"))
    clock.now += 30
    assert statuses(warm, SECRET) == [401]
    with app.app_context():
        assert find_tenant(CLIENT_KEY) is None
        assert get_state().tenants.cached_credentials(CLIENT_KEY) is None


# --- what the caller and the log learn -------------------------------------------


FAILURES = {
    "no-token": lambda: {},
    "not-a-token": lambda: authorization("x"),
    "bearer": lambda: {"Authorization": f"Bearer {host_token()}"},
    "unknown-tenant": lambda: authorization(host_token(iss="unknown")),
    "secret": lambda: authorization(host_token(secret=OTHER_SECRET)),
    "expired": lambda: authorization(host_token(exp=NOW - HOUR)),
    "qsh": lambda: authorization(host_token(qsh="x")),
    "context": lambda: authorization(context_token()),
    "app": lambda: authorization(app_token("GET", "/overview")),
}
NAMED = f"client_key={CLIENT_KEY}"
CHECKS = {
    "no-token": "MissingTokenError: no token",
    "not-a-token": "InvalidTokenError: the token is malformed",
    "bearer": "MissingTokenError: no token",
    "unknown-tenant": "UnknownTenantError: the tenant is unknown; client_key=unknown",
    "secret": f"InvalidSignatureError: the signature does not fit; {NAMED}",
    "expired": f"InvalidTokenError: exp is in the past; {NAMED}",
    "qsh": f"QshMismatchError: qsh does not fit; {NAMED}",
    "context": f"QshMismatchError: qsh does not fit; {NAMED}",
    "app": "InvalidTokenError: iss is this app, not a host",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_answered_alike(
    client: FlaskClient, tenant: Tenant, failure: str
) -> None:
    answer = client.get("/overview", headers=FAILURES[failure]())
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}
    assert answer.data == b'{"error":"unauthorized"}\n'
    assert answer.headers["WWW-Authenticate"] == f'JWT realm="{APP_KEY}"'
    first = client.get("/overview")
    assert {**answer.headers} == {**first.headers}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_browser_is_answered_with_a_page(
    client: FlaskClient, tenant: Tenant, failure: str
) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client.get("/overview", headers={**FAILURES[failure](), **accept})
    assert answer.status_code == 401
    assert answer.mimetype == "text/html"
    assert answer.headers["WWW-Authenticate"] == f'JWT realm="{APP_KEY}"'
    assert CLIENT_KEY not in answer.text
    first = client.get("/overview", headers=accept)
    assert without_nonce(answer) == without_nonce(first)


def without_nonce(answer: TestResponse) -> str:
    policy = answer.headers["Content-Security-Policy"]
    _, found, rest = policy.partition("'nonce-")
    return answer.text.replace(rest.partition("'")[0], "") if found else answer.text


@pytest.mark.parametrize("failure", FAILURES)
def test_the_log_names_the_check_and_the_tenant_and_no_secret(
    client: FlaskClient,
    tenant: Tenant,
    caplog: pytest.LogCaptureFixture,
    failure: str,
) -> None:
    headers = FAILURES[failure]()
    with caplog.at_level(logging.DEBUG):
        client.get("/overview?a=private", headers=headers)
    assert f"refused: GET '/overview': {CHECKS[failure]}" in caplog.text
    token = headers.get("Authorization", "").partition(" ")[2]
    for private in (SECRET, OTHER_SECRET, ACCOUNT_ID, "private", *token.split(".")):
        assert len(private) < 2 or private not in caplog.text


def test_the_log_of_a_success_holds_no_token(
    client: FlaskClient, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    token = host_token()
    with caplog.at_level(logging.DEBUG):
        assert ask(client, "/overview", token) == 200
    for private in (SECRET, *token.split(".")):
        assert private not in caplog.text


def test_a_line_break_in_the_path_does_not_forge_a_log_line(
    own_routes: None, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/mine/lines/a%0Arefused%0D").status_code == 401
    assert all("\n" not in record.getMessage() for record in caplog.records)
    assert all("\r" not in record.getMessage() for record in caplog.records)


def test_an_unreadable_secret_is_answered_503_and_named_in_the_log(
    config: dict[str, Any], tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    other = create_app({**config, "CONNECT_ENCRYPTION_KEYS": key})
    answer = other.test_client().get("/overview", headers=authorization(host_token()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "CONNECT_ENCRYPTION_KEYS" in caplog.text
    assert key not in caplog.text
    with other.app_context():
        db.engine.dispose()


def test_a_database_that_is_down_is_answered_503(
    config: dict[str, Any], tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({**config, "DATABASE_URL": f"sqlite:///{tmp_path}"})
    answer = app.test_client().get("/overview", headers=authorization(host_token()))
    assert answer.status_code == 503
    assert answer.json == {"error": "unavailable"}
    assert OperationalError.__name__ in caplog.text
    assert str(tmp_path) not in caplog.text


# --- nothing is a 500 ------------------------------------------------------------

fuzz = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
half_characters = st.text(
    st.characters(min_codepoint=0xD700, max_codepoint=0xE100, categories=None),
    max_size=4,
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63])


@fuzz
@given(header=st.text(max_size=200) | st.binary(max_size=200))
def test_no_authorization_header_is_a_500(
    client: FlaskClient, tenant: Tenant, header: str | bytes
) -> None:
    raw = header if isinstance(header, bytes) else header.encode("utf-8", "replace")
    for value in (raw, b"JWT " + raw):
        wsgi = {"HTTP_AUTHORIZATION": value.decode("latin-1")}
        answer = client.get("/overview", environ_overrides=wsgi)
        assert answer.status_code == 401


@fuzz
@given(token=st.text(max_size=200) | st.binary(max_size=200))
def test_no_token_parameter_is_a_500(
    client: FlaskClient, tenant: Tenant, token: str | bytes
) -> None:
    answer = client.get("/overview", query_string={"jwt": token})
    assert answer.status_code == 401


@fuzz
@given(query=st.binary(max_size=100))
def test_no_query_is_a_500(client: FlaskClient, tenant: Tenant, query: bytes) -> None:
    raw = {"QUERY_STRING": query.decode("latin-1")}
    headers = authorization(host_token(qsh="x"))
    answer = client.get("/overview", headers=headers, environ_overrides=raw)
    assert answer.status_code == 401


@fuzz
@given(target=st.binary(max_size=60), prefix=st.sampled_from(["", "/", "http://"]))
def test_no_request_target_is_a_500(
    client: FlaskClient, tenant: Tenant, target: bytes, prefix: str
) -> None:
    raw = {"RAW_URI": prefix + target.decode("latin-1")}
    answer = client.get(
        "/overview", headers=authorization(host_token()), environ_overrides=raw
    )
    # The decoded path was signed, whatever the server says was sent.
    assert answer.status_code == 200
    answer = client.get(
        "/macros/greeting", headers=authorization(host_token()), environ_overrides=raw
    )
    assert answer.status_code == 401


def odd_token(changes: dict[str, Any], token: str, key: Any, algorithm: str) -> str:
    """Sign *token* with *changes*, also such as PyJWT refuses to sign."""
    claims = {**json.loads(payload_of(token)), **changes}
    body = json.dumps(claims).encode()
    headers = {"kid": signing.KEY_ID}
    return jwt.PyJWS().encode(body, key, algorithm, headers=headers)


@fuzz
@given(
    changes=st.dictionaries(
        st.sampled_from(["iss", "sub", "iat", "exp", "nbf", "qsh", "context", "aud"]),
        json_values | half_characters | numbers,
        max_size=3,
    )
)
def test_no_signed_payload_is_a_500(
    client: FlaskClient,
    tenant: Tenant,
    any_key_server: responses.RequestsMock,
    changes: dict[str, Any],
) -> None:
    for method, url, token in (
        ("GET", "/overview", host_token("GET", "/overview")),
        ("GET", "/macros/greeting", host_token("GET", "/macros/greeting")),
        ("GET", "/api/context", context_token()),
        ("POST", "/enabled", host_token("POST", "/enabled")),
    ):
        token = odd_token(changes, token, SECRET, "HS256")
        assert ask(client, url, token, method) in (200, 204, 401)
    for url in ("/installed", "/uninstalled", "/installed"):
        token = odd_token(changes, install_token(url), signing.INSTALL_KEY, "RS256")
        assert ask(client, url, token, "POST") in (204, 401)
    # The next example finds the tenant as this one did.
    headers = authorization(install_token())
    answer = client.post("/installed", json=payload(), headers=headers)
    assert answer.status_code == 204


@fuzz
@given(context=json_values, half=half_characters)
def test_no_signed_context_is_a_500(
    client: FlaskClient, tenant: Tenant, context: Any, half: str
) -> None:
    url = "/macros/greeting"
    for nested in (
        context,
        {"confluence": context},
        {"confluence": {"space": context}},
        {"confluence": {"space": {"key": context}}},
        {"confluence": {"space": {"key": half}}},
        {"user": context},
        {"user": {"accountId": context}},
    ):
        token = host_token("GET", url, context=nested, sub=MISSING)
        assert ask(client, url, token) in (200, 401)
        assert ask(client, "/api/context", context_token(context=nested)) in (200, 401)


@fuzz
@given(
    header=json_values
    | st.dictionaries(
        st.sampled_from(
            ["alg", "typ", "kid", "crit", "b64", "jku", "jwk", "x5u", "zip"]
        ),
        json_values | st.sampled_from(["HS256", "RS256", "none"]),
    )
)
def test_no_header_of_a_token_is_a_500(
    client: FlaskClient,
    tenant: Tenant,
    any_key_server: responses.RequestsMock,
    header: Any,
) -> None:
    body = payload_of(host_token())
    token = raw_token(json.dumps(header).encode(), body)
    assert ask(client, "/overview", token) in (200, 401)
    assert ask(client, "/installed", token, "POST") in (401, 503)


@pytest.mark.parametrize(
    ("depth", "status"), [(1, 200), (98, 200), (99, 401), (990, 401), (2000, 401)]
)
@pytest.mark.parametrize("leaf", ["1", '"\\u00e9"'], ids=["plain", "escaped"])
def test_a_claim_nests_so_deep_and_no_deeper(
    client: FlaskClient, tenant: Tenant, depth: int, status: int, leaf: str
) -> None:
    claims = json.dumps(
        {"iss": CLIENT_KEY, "iat": NOW, "exp": NOW + HOUR, "qsh": "context-qsh"}
    )
    nested = leaf.join(("[" * depth, "]" * depth))
    body = f'{claims[:-1]}, "context": {{"a": {nested}}}}}'.encode()
    token = raw_token(b'{"alg": "HS256"}', body)
    assert ask(client, "/api/context", token) == status


@pytest.mark.parametrize(("method", "url"), GUARDED, ids=lambda part: part)
def test_every_guarded_route_refuses_a_request_without_a_token(
    client: FlaskClient, method: str, url: str
) -> None:
    assert client.open(url, method=method).status_code == 401
