"""The format of a token."""

import json
import string
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from app.connect.protocol import tokens
from app.connect.protocol.tokens import encode_symmetric, outbound_claims
from app.connect.protocol.unverified_token import MAX_TOKEN_BYTES, read_unverified_token
from tests import signing
from tests.connect.protocol.made_tokens import (
    CLAIMS,
    NAMES,
    assemble,
    asymmetric,
    decode_hs,
    decode_rs,
    hs256,
    refusal,
    rs256,
    symmetric,
)
from tests.signing import BASE_URL, MISSING, SECRET


def claims_of(token: str) -> Any:
    return read_unverified_token(token).claims


def issuer_of(token: str) -> str:
    return tokens.issuer_of(read_unverified_token(token))


def key_id_of(token: str) -> str:
    return tokens.key_id_of(read_unverified_token(token))


def _of_length(length: int) -> str:
    """Return a good token of *length*, whatever Base64 makes of its parts."""
    for padding_of_header in range(3):
        header = {"x": "x" * padding_of_header}
        missing = length - len(symmetric(header, x=""))
        for size in range(missing * 3 // 4 - 3, missing * 3 // 4 + 3):
            token = symmetric(header, x="x" * size)
            if len(token) == length:
                return token
    raise AssertionError(f"no token has {length} characters")


def test_a_token_has_at_most_8_kb() -> None:
    assert MAX_TOKEN_BYTES == 8 * 1024
    assert decode_hs(_of_length(MAX_TOKEN_BYTES))["iss"] == "client"
    assert issuer_of(_of_length(MAX_TOKEN_BYTES)) == "client"
    too_long = _of_length(MAX_TOKEN_BYTES + 1)
    assert refusal(decode_hs, too_long) == "the token is longer than 8 KB"
    assert refusal(issuer_of, too_long) == "the token is longer than 8 KB"
    assert refusal(key_id_of, too_long) == "the token is longer than 8 KB"


NO_OBJECTS = [
    pytest.param(b"[]", id="list"),
    pytest.param(b"1", id="number"),
    pytest.param(b'"canary"', id="string"),
    pytest.param(b"null", id="null"),
    pytest.param(b"", id="empty"),
    pytest.param(b"canary", id="not-json"),
    pytest.param(b"{'iss': 'canary'}", id="single-quotes"),
    pytest.param(b'{"iss": "canary"', id="cut"),
    pytest.param(b"\xff\xfe\xfd", id="not-utf-8"),
    pytest.param(b"[" * 5_000, id="deep"),
    pytest.param(b'{"":' * 1_100 + b"1" + b"}" * 1_100, id="deep-object"),
    pytest.param(b'{"iss": "canary", "x": ' + b"1" * 5_000 + b"}", id="long-number"),
    pytest.param(b'{"x": "canary\xed\xa0\x80"}', id="half-a-character-in-raw-bytes"),
    *(
        pytest.param('{"iss": "canary"}'.encode(encoding), id=encoding)
        for encoding in ("utf-16", "utf-32-le", "utf-8-sig")
    ),
]


@pytest.mark.parametrize("payload", NO_OBJECTS)
def test_a_payload_is_a_json_object(payload: bytes) -> None:
    token = assemble(b'{"alg":"HS256"}', payload, hs256())
    refusal(decode_hs, token)
    assert refusal(claims_of, token) == "the token is malformed"
    assert refusal(issuer_of, token) == "the token is malformed"


@pytest.mark.parametrize("header", NO_OBJECTS)
def test_a_header_is_a_json_object(header: bytes) -> None:
    token = assemble(header, json.dumps(CLAIMS).encode(), hs256())
    refusal(decode_hs, token)
    assert refusal(key_id_of, token) == "the token is malformed"


def test_a_deep_header_with_an_algorithm_is_refused() -> None:
    header = b'{"alg":"HS256","kid":"k","x":' + b"[" * 2_000 + b"]" * 2_000 + b"}"
    token = assemble(header, json.dumps(CLAIMS).encode(), hs256())
    refusal(decode_hs, token)
    assert refusal(key_id_of, token) == "the token is malformed"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("canary", id="no-dots"),
        pytest.param(".", id="one-dot"),
        pytest.param("..", id="two-dots"),
        pytest.param("a.b.c", id="no-base64"),
        pytest.param("\u5bae.\u5d0e.\u99ff", id="not-ascii"),
        pytest.param("\ud800.\ud800.\ud800", id="lone-surrogates"),
        pytest.param("\x00.\x00.\x00", id="nul"),
    ],
)
def test_a_malformed_token_is_refused(token: str) -> None:
    for decode in (
        decode_hs,
        decode_rs,
        claims_of,
        issuer_of,
        key_id_of,
    ):
        refusal(decode, token)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token.rpartition(".")[0], id="no-signature"),
        pytest.param(lambda token: token[:-4], id="cut-signature"),
        pytest.param(lambda token: token.rpartition(".")[0] + ".", id="empty"),
        pytest.param(lambda token: token[:-6] + "AAAAAA", id="another-signature"),
        pytest.param(lambda token: f"{token}%00", id="nul"),
        pytest.param(lambda token: f"{token}\u00e9", id="not-ascii"),
        pytest.param(lambda token: f"{token}=", id="padding"),
        pytest.param(lambda token: token.replace(".", ".x.", 1), id="in-the-middle"),
        pytest.param(lambda token: f"{token}.canary", id="four-segments"),
        pytest.param(lambda token: f".{token}", id="dot-in-front"),
        pytest.param(lambda token: f" {token}", id="space-in-front"),
        pytest.param(lambda token: f"{token}\n", id="newline-at-the-end"),
        pytest.param(lambda token: f"JWT {token}", id="scheme-in-front"),
        pytest.param(lambda token: token.replace(".", "..", 1), id="empty-segment"),
        pytest.param(lambda token: token.replace(".", ".!", 1), id="junk-in-base64"),
    ],
)
def test_a_corrupted_token_is_refused(spoil: Callable[[str], str]) -> None:
    assert decode_hs(symmetric()) == CLAIMS
    refusal(decode_hs, spoil(symmetric()))


@pytest.mark.parametrize("leaf", ["1", '"\\u00e9"'], ids=["plain", "escaped"])
@pytest.mark.parametrize("depth", [1, 99, 100, 990, 2000])
def test_a_payload_nests_so_deep_and_no_deeper(depth: int, leaf: str) -> None:
    nested = leaf.join(("[" * depth, "]" * depth))
    payload = f'{json.dumps(CLAIMS)[:-1]}, "x": {nested}}}'.encode()
    token = assemble(b'{"alg":"HS256"}', payload, hs256())
    if depth < 100:
        assert decode_hs(token)["iss"] == "client"
    else:
        assert refusal(decode_hs, token) == "the token is malformed"


def test_the_last_of_two_issuers_counts_before_and_after_verification() -> None:
    payload = b'{"iss": "mallory", ' + json.dumps(CLAIMS).encode()[1:]
    token = assemble(b'{"alg":"HS256"}', payload, hs256())
    assert issuer_of(token) == decode_hs(token)["iss"] == "client"


def test_an_issuer_has_no_half_of_a_surrogate_pair() -> None:
    refusal(issuer_of, symmetric(iss="canary\ud800"))


def test_the_issuer_is_read_from_the_payload() -> None:
    assert claims_of(symmetric()) == CLAIMS
    assert issuer_of(symmetric()) == "client"


@pytest.mark.parametrize("value", [pytest.param(MISSING, id="missing"), *NAMES])
def test_an_issuer_is_a_plain_string(value: Any) -> None:
    reason = refusal(issuer_of, symmetric(iss=value))
    assert reason == "iss is not a plain string"


@pytest.mark.parametrize("key_id", ["k", "K" * 64, signing.KEY_ID, "-", "0"])
def test_a_key_id_is_read_from_the_header(key_id: str) -> None:
    assert key_id_of(asymmetric({"kid": key_id})) == key_id


@pytest.mark.parametrize(
    "key_id",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(None, id="null"),
        pytest.param(1, id="number"),
        pytest.param(["canary"], id="list"),
        pytest.param({"canary": 1}, id="object"),
        pytest.param("", id="empty"),
        pytest.param("k" * 65, id="65-characters"),
        pytest.param("../canary", id="parent"),
        pytest.param("..", id="dots"),
        pytest.param("canary.a", id="dot"),
        pytest.param("\u00e4", id="umlaut"),
        pytest.param("canary/a", id="slash"),
        pytest.param("canary\\a", id="back-slash"),
        pytest.param("canary%2Fa", id="escape"),
        pytest.param("canary?a", id="query"),
        pytest.param("canary#a", id="fragment"),
        pytest.param("canary a", id="space"),
        pytest.param("canary\n", id="newline"),
        pytest.param("canary\x00", id="nul"),
        pytest.param("canary_a", id="underscore"),
        pytest.param("canary@evil", id="at"),
        pytest.param("\u043aanary", id="cyrillic-letter"),
        pytest.param("\u0663", id="arabic-digit"),
    ],
)
def test_a_key_id_is_fit_for_a_url(key_id: Any) -> None:
    reason = refusal(key_id_of, asymmetric({"kid": key_id}))
    assert reason == "kid is missing or malformed"


def test_our_tokens_are_hs256() -> None:
    token = encode_symmetric(CLAIMS, shared_secret=SECRET)
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}
    claims = jwt.decode(
        token,
        SECRET,
        ["HS256"],
        audience=BASE_URL,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims == CLAIMS


def test_an_outbound_token_is_good_for_three_minutes() -> None:
    before = int(time.time())
    claims = outbound_claims(app_key="app", client_key="client", qsh="hash")
    issued = claims.pop("iat")
    assert before <= issued <= time.time()
    assert claims == {"iss": "app", "aud": "client", "exp": issued + 180, "qsh": "hash"}
    assert tokens.OUTBOUND_LIFETIME == 180


@pytest.mark.parametrize(
    ("decode", "algorithm", "sign"),
    [
        pytest.param(decode_hs, "HS256", hs256(), id="HS256"),
        pytest.param(decode_rs, "RS256", rs256, id="RS256"),
    ],
)
def test_only_one_spelling_of_a_signature_is_accepted(
    decode: Callable[[str], Any], algorithm: str, sign: Callable[[bytes], bytes]
) -> None:
    header = json.dumps({"alg": algorithm, "kid": "k"}).encode()
    token = assemble(header, json.dumps(CLAIMS).encode(), sign)
    assert decode(token)
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    # The next letter differs only in bits that base64 does not use here.
    other = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    first, second = (
        urlsafe_b64decode(each.rpartition(".")[2] + "==") for each in (token, other)
    )
    assert first == second
    assert refusal(decode, other) == "the token is malformed"
