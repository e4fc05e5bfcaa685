"""Hostile requests never cause a 500."""

import json
from typing import Any

import jwt
import pytest
import responses
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.hostile_values import half_characters, json_values, numbers
from tests.connect.inbound.requests_with_tokens import (
    HOUR,
    NOW,
    ask,
    payload_of,
    raw_token,
)
from tests.signing import (
    CLIENT_KEY,
    MISSING,
    SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
    payload,
)

GUARDED = (
    ("GET", "/overview"),
    ("GET", "/settings"),
    ("GET", "/macros/greeting"),
    ("GET", "/api/context"),
    ("GET", "/api/note"),
    ("PUT", "/api/note"),
    ("DELETE", "/api/note"),
    ("POST", "/installed"),
    ("POST", "/uninstalled"),
    ("POST", "/enabled"),
    ("POST", "/disabled"),
)


fuzz = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


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
    is_text = query.decode(errors="replace").encode() == query
    assert answer.status_code == (401 if is_text else 400)


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
    """Sign *token* with *changes*, even ones that PyJWT refuses to sign."""
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
    keys: responses.RequestsMock,
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
    keys: responses.RequestsMock,
    header: Any,
) -> None:
    body = payload_of(host_token())
    token = raw_token(json.dumps(header).encode(), body)
    assert ask(client, "/overview", token) in (200, 401)
    assert ask(client, "/installed", token, "POST") in (401, 503)


@pytest.mark.parametrize(("depth", "status"), [(98, 200), (99, 401)])
def test_a_claim_nests_so_deep_and_no_deeper(
    client: FlaskClient, tenant: Tenant, depth: int, status: int
) -> None:
    claims = json.dumps(
        {"iss": CLIENT_KEY, "iat": NOW, "exp": NOW + HOUR, "qsh": "context-qsh"}
    )
    nested = "1".join(("[" * depth, "]" * depth))
    body = f'{claims[:-1]}, "context": {{"a": {nested}}}}}'.encode()
    token = raw_token(b'{"alg": "HS256"}', body)
    assert ask(client, "/api/context", token) == status


@pytest.mark.parametrize(("method", "url"), GUARDED, ids=lambda part: part)
def test_every_guarded_route_refuses_a_request_without_a_token(
    client: FlaskClient, method: str, url: str
) -> None:
    assert client.open(url, method=method).status_code == 401
