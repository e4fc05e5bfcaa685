"""Signed installs that make the app ask nobody for a key, whoever sends them."""

import json
import time
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from tests import signing
from tests.connect.inbound.lifecycle_events import (
    NOW,
    SIGNED,
    deliver,
    odd_claims,
    token_for,
)
from tests.signing import APP_KEY, BASE_URL, CLIENT_KEY, MISSING, SECRET, authorization

HOUR = 3600
MALFORMED = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="cut-off"),
    pytest.param(b"[" * 30_000, id="deep"),
    pytest.param(b"{}", id="empty-object"),
]
TOO_LONG = b" " * 65_537


def post(client: FlaskClient, event: str, body: bytes, token: str | None = None) -> Any:
    token = token or token_for(event)
    return client.post(f"/{event}", data=body, headers=authorization(token))


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": MISSING}, id="iss-missing"),
        pytest.param({"iss": "another"}, id="iss-of-another"),
        pytest.param({"iss": APP_KEY}, id="iss-is-the-app"),
        pytest.param({"iat": MISSING}, id="iat-missing"),
        pytest.param({"iat": NOW + HOUR}, id="iat-in-the-future"),
        pytest.param({"exp": MISSING}, id="exp-missing"),
        pytest.param({"exp": NOW - HOUR}, id="exp-past"),
        pytest.param({"nbf": NOW + HOUR}, id="nbf-in-the-future"),
        pytest.param({"aud": MISSING}, id="aud-missing"),
        pytest.param({"aud": ["https://other.example"]}, id="aud-of-another"),
        pytest.param({"qsh": MISSING}, id="qsh-missing"),
        pytest.param({"qsh": "context-qsh"}, id="qsh-context"),
        pytest.param({"qsh": signing.qsh("POST", "/overview")}, id="qsh-other-path"),
    ],
)
def test_a_claim_that_is_wrong_causes_no_fetch(
    client: FlaskClient, keys: responses.RequestsMock, event: str, claims: Any
) -> None:
    assert odd_claims(client, event, **claims) == 401
    assert len(keys.calls) == 0
    assert odd_claims(client, event) == 204
    assert len(keys.calls) > 0


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"algorithm": "RS384"}, id="rs384"),
        pytest.param({"algorithm": "HS256", "key": SECRET}, id="hs256"),
        pytest.param({"algorithm": "none", "key": None}, id="none"),
        pytest.param({"headers": {"crit": ["kid"]}}, id="crit"),
        pytest.param({"headers": {"kid": MISSING}}, id="kid-missing"),
        pytest.param({"headers": {"kid": "../x"}}, id="kid-is-a-path"),
    ],
)
def test_a_header_that_is_wrong_causes_no_fetch(
    client: FlaskClient, keys: responses.RequestsMock, event: str, changes: Any
) -> None:
    answer = deliver(client, event, token=token_for(event, **changes))
    assert answer.status_code == 401
    assert len(keys.calls) == 0


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"clientKey": "another"}, id="clientKey"),
        pytest.param({"key": "com.example.another"}, id="key"),
        pytest.param({"eventType": "enabled"}, id="eventType"),
        pytest.param({"baseUrl": "https://evil.example/wiki"}, id="foreign-host"),
        pytest.param({"baseUrl": "http://example.atlassian.net"}, id="http"),
        pytest.param({"clientKey": 1}, id="malformed"),
    ],
)
def test_a_body_that_is_wrong_causes_no_fetch(
    client: FlaskClient, keys: responses.RequestsMock, event: str, body: Any
) -> None:
    answer = deliver(client, event, token=token_for(event), **body)
    assert answer.status_code == 401
    assert answer.json == {"error": "unauthorized"}
    assert len(keys.calls) == 0


@pytest.mark.parametrize("event", SIGNED)
@pytest.mark.parametrize("body", [*MALFORMED, pytest.param(TOO_LONG, id="too-long")])
def test_a_malformed_body_is_judged_by_a_key_at_hand_only(
    app: Flask,
    client: FlaskClient,
    keys: responses.RequestsMock,
    event: str,
    body: bytes,
    request: pytest.FixtureRequest,
) -> None:
    answer = post(client, event, body)
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    request.getfixturevalue("key_at_hand")
    assert post(client, event, body).status_code == (413 if body == TOO_LONG else 400)
    forged = token_for(event, key=signing.OTHER_KEY)
    assert post(client, event, body, forged).status_code == 401
    assert len(keys.calls) == 0


@pytest.mark.parametrize("event", SIGNED)
def test_a_form_is_not_read_before_the_signature_is_checked(
    client: FlaskClient, keys: responses.RequestsMock, event: str
) -> None:
    form = {"a": "b"}
    token = token_for(event, qsh=signing.qsh("POST", f"/{event}?a=b"))
    answer = client.post(f"/{event}", data=form, headers=authorization(token))
    assert answer.status_code == 401
    assert len(keys.calls) == 0


def test_a_key_is_good_once_it_has_verified_an_install(
    app: Flask, client: FlaskClient, keys: responses.RequestsMock
) -> None:
    known = app.extensions["connect.inbound"].install_keys._known
    forged = token_for("installed", key=signing.OTHER_KEY)
    assert deliver(client, "installed", token=forged).status_code == 401
    assert known.find(signing.KEY_ID) is None
    assert deliver(client, "installed").status_code == 204
    assert known.find(signing.KEY_ID) is not None


def test_claims_and_body_are_those_that_were_checked(
    client: FlaskClient, keys: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = json.loads
    parsed = []

    def count(text: Any, *args: Any, **options: Any) -> Any:
        parsed.append(text)
        return read(text, *args, **options)

    token = token_for("installed", iat=int(time.time()) - 1)
    body = json.dumps(signing.payload()).encode()
    monkeypatch.setattr(json, "loads", count)
    assert post(client, "installed", body, token).status_code == 204
    monkeypatch.undo()
    # The header may be cached; claims and body are parsed once.
    texts = [text if isinstance(text, str) else text.decode() for text in parsed]
    assert sum(CLIENT_KEY in text and BASE_URL in text for text in texts) == 1
    assert texts.count(body.decode()) == 1


@pytest.mark.parametrize("event", ["uninstalled", "enabled", "disabled"])
@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        pytest.param("https://evil.example/wiki", 401, id="foreign"),
        pytest.param("http://example.atlassian.net/wiki", 401, id="http"),
        pytest.param("https://renamed.atlassian.net/wiki", 204, id="allowed"),
        pytest.param(MISSING, 204, id="missing"),
    ],
)
def test_every_event_with_a_foreign_base_url_is_refused(
    client: FlaskClient, tenant: Any, event: str, base_url: Any, status: int
) -> None:
    answer = deliver(client, event, token=token_for(event), baseUrl=base_url)
    assert answer.status_code == status
