"""The claims that a token must have, and their types."""

import json
from typing import Any

import pytest

from tests.connect.protocol.made_tokens import (
    CLAIMS,
    KINDS,
    LEEWAY,
    NAMES,
    NOW,
    assemble,
    hs256,
    refusal,
    rs256,
    symmetric,
)
from tests.signing import MISSING


@KINDS
@pytest.mark.parametrize("name", ["iss", "iat", "exp"])
def test_a_required_claim_is_required(make: Any, decode: Any, name: str) -> None:
    assert refusal(decode, make(**{name: MISSING})) == f"{name} is missing"


@KINDS
@pytest.mark.parametrize("name", ["iss", "sub"])
@pytest.mark.parametrize("value", NAMES)
def test_a_name_is_a_plain_string(
    make: Any, decode: Any, name: str, value: Any
) -> None:
    assert refusal(decode, make(**{name: value})) == f"{name} is not a plain string"


@KINDS
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "canary\ud800"}, id="iss"),
        pytest.param({"sub": "\udfffcanary"}, id="sub"),
        pytest.param({"context": {"user": "canary\ud800"}}, id="context"),
        pytest.param({"context": {"canary": "\ud800"}}, id="half-alone"),
        pytest.param({"canary\ud800": 1}, id="name-of-a-claim"),
    ],
)
def test_half_a_surrogate_pair_is_refused(
    make: Any, decode: Any, claims: dict[str, Any]
) -> None:
    refusal(decode, make(**claims))


@KINDS
def test_a_whole_surrogate_pair_is_a_character(make: Any, decode: Any) -> None:
    assert decode(make(context={"user": "\U0001f600"}))["context"]["user"] == "😀"


@KINDS
@pytest.mark.parametrize("name", ["iss", "sub"])
@pytest.mark.parametrize("value", ["c", "c" * 255, "jira:12 34", "müller", "宮崎"])
def test_a_name_may_be_any_printable_string(
    make: Any, decode: Any, name: str, value: str
) -> None:
    assert decode(make(**{name: value}))[name] == value


@KINDS
def test_sub_may_be_missing(make: Any, decode: Any) -> None:
    assert "sub" not in decode(make(sub=MISSING))


@KINDS
@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(str(NOW + 10), id="string"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param(None, id="null"),
        pytest.param([NOW + 10], id="list"),
        pytest.param({"canary": NOW}, id="object"),
        pytest.param(float("nan"), id="not-a-number"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(float("-inf"), id="minus-infinity"),
        pytest.param(2**63, id="too-big-for-the-database"),
        pytest.param(-(2**63), id="too-small-for-the-database"),
        pytest.param(10**400, id="too-big-for-a-float"),
        pytest.param(-(10**400), id="too-small-for-a-float"),
    ],
)
def test_a_time_is_a_number(make: Any, decode: Any, name: str, value: Any) -> None:
    assert refusal(decode, make(**{name: value})) == f"{name} is not a number"


@KINDS
def test_a_number_of_too_many_digits_is_refused(make: Any, decode: Any) -> None:
    sign = hs256() if make is symmetric else rs256
    algorithm = b"HS256" if make is symmetric else b"RS256"
    payload = json.dumps(CLAIMS).encode()
    token = assemble(
        b'{"alg":"%s"}' % algorithm,
        payload.replace(b"}", b',"x":%s}' % (b"1" * 5_000)),
        sign,
    )
    assert refusal(decode, token) == "the token is malformed"


@KINDS
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param({"exp": NOW - LEEWAY + 1}, None, id="exp-within-the-leeway"),
        pytest.param({"exp": NOW - LEEWAY + 0.5}, None, id="exp-half-a-second-within"),
        pytest.param(
            {"exp": NOW - LEEWAY}, "exp is in the past", id="exp-at-the-leeway"
        ),
        pytest.param({"exp": NOW - 10_000}, "exp is in the past", id="exp-long-ago"),
        pytest.param({"exp": 0}, "exp is in the past", id="exp-0"),
        pytest.param({"exp": -1}, "exp is in the past", id="exp-negative"),
        pytest.param({"exp": -1e300}, "exp is in the past", id="exp-before-time"),
        pytest.param({"iat": 1e300}, "iat is in the future", id="iat-after-time"),
        pytest.param({"nbf": 1e300}, "nbf is in the future", id="nbf-after-time"),
        pytest.param({"iat": NOW + LEEWAY}, None, id="iat-at-the-leeway"),
        pytest.param(
            {"iat": NOW + LEEWAY + 1}, "iat is in the future", id="iat-past-the-leeway"
        ),
        pytest.param(
            {"iat": NOW + LEEWAY + 0.5}, "iat is in the future", id="iat-half-a-second"
        ),
        pytest.param({"iat": 0}, None, id="iat-0"),
        pytest.param({"nbf": NOW + LEEWAY}, None, id="nbf-at-the-leeway"),
        pytest.param(
            {"nbf": NOW + LEEWAY + 1}, "nbf is in the future", id="nbf-past-the-leeway"
        ),
        pytest.param({"nbf": 0}, None, id="nbf-0"),
    ],
)
def test_a_token_is_valid_only_in_its_lifetime(
    make: Any, decode: Any, claims: dict[str, Any], reason: str | None
) -> None:
    token = make(**claims)
    if reason is None:
        assert decode(token) == CLAIMS | claims
    else:
        assert refusal(decode, token) == reason
