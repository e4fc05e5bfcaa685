"""Tokens of which one thing is wrong."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.connect.inbound.requests_with_tokens import (
    HOUR,
    NOW,
    ask,
    payload_of,
    raw_token,
)
from tests.signing import (
    ACCOUNT_ID,
    APP_KEY,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    authorization,
    context_token,
    host_token,
)


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
    other: dict[str, Any] = {"iss": "other", "secret": OTHER_SECRET}
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
