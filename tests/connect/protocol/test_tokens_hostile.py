"""Hostile tokens: the result is always claims or an InvalidTokenError."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.connect.errors import InvalidTokenError
from app.connect.protocol.tokens import account_id_of, context_of, issuer_of, key_id_of
from app.connect.protocol.unverified_token import read_unverified_token
from tests.connect.hostile_values import half_characters, json_values, numbers
from tests.connect.protocol.made_tokens import (
    CLAIMS,
    assemble,
    decode_hs,
    decode_rs,
    hs256,
    rs256,
)

fuzz = settings(max_examples=100, deadline=None, derandomize=True)


def judge(token: str) -> None:
    """Read and verify *token* in every way; anything may refuse it."""
    for decode in (decode_hs, decode_rs):
        try:
            unverified = read_unverified_token(token)
            issuer_of(unverified)
            claims = decode(token)
            context_of(claims)
            account_id_of(claims)
            key_id_of(unverified)
        except InvalidTokenError:
            continue


@fuzz
@given(token=st.text(max_size=200))
def test_no_text_fails(token: str) -> None:
    judge(token)


@fuzz
@given(header=st.binary(max_size=60), payload=st.binary(max_size=60))
def test_no_bytes_fail(header: bytes, payload: bytes) -> None:
    judge(assemble(header, payload, hs256()))
    judge(assemble(b'{"alg":"HS256"}', payload, hs256()))


@fuzz
@given(
    changes=st.dictionaries(
        st.sampled_from(["iss", "sub", "iat", "exp", "nbf", "qsh", "context", "aud"]),
        json_values | half_characters | numbers,
        max_size=3,
    )
)
def test_no_claims_fail(changes: dict[str, Any]) -> None:
    payload = json.dumps({**CLAIMS, **changes}).encode()
    judge(assemble(b'{"alg":"HS256"}', payload, hs256()))
    judge(assemble(b'{"alg":"RS256","kid":"k"}', payload, rs256))


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
def test_no_header_fails(header: Any) -> None:
    judge(assemble(json.dumps(header).encode(), json.dumps(CLAIMS).encode(), hs256()))
