"""Each kind of token, and each reason to refuse one."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256

from app.connect.errors import InvalidSignatureError, InvalidTokenError
from app.connect.protocol import tokens
from app.connect.protocol.tokens import (
    decode_asymmetric,
    decode_symmetric,
    encode_symmetric,
    outbound_claims,
)
from app.connect.protocol.unverified import MAX_TOKEN_BYTES, read_unverified_token
from tests import signing
from tests.signing import BASE_URL, MISSING, OTHER_SECRET, SECRET, merged

NOW = 1_700_000_000
LEEWAY = 30
CLAIMS = {
    "iss": "client",
    "sub": "canary",
    "aud": BASE_URL,
    "iat": NOW,
    "exp": NOW + 180,
    "qsh": "canary",
}
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(secret: str | bytes = SECRET) -> Callable[[bytes], bytes]:
    key = secret if isinstance(secret, bytes) else secret.encode()
    return lambda signed: hmac.digest(key, signed, "sha256")


def rs256(signed: bytes) -> bytes:
    return signing.INSTALL_KEY.sign(signed, padding.PKCS1v15(), SHA256())


def rs256_by_another(signed: bytes) -> bytes:
    return signing.OTHER_KEY.sign(signed, padding.PKCS1v15(), SHA256())


# Signed by hand, for PyJWT refuses to sign much of what a stranger would send.
def assemble(header: bytes, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def symmetric(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a good HS256 token; *header* and *claims* change it."""
    usual = {"typ": "JWT", "alg": "HS256"}
    return assemble(
        json.dumps(merged(usual, header or {})).encode(),
        json.dumps(merged(CLAIMS, claims)).encode(),
        hs256(),
    )


def asymmetric(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a good RS256 token; *header* and *claims* change it."""
    usual = {"typ": "JWT", "alg": "RS256", "kid": signing.KEY_ID}
    return assemble(
        json.dumps(merged(usual, header or {})).encode(),
        json.dumps(merged(CLAIMS, claims)).encode(),
        rs256,
    )


def decode_hs(token: str, *, secret: str = SECRET, now: float = NOW) -> Any:
    return decode_symmetric(
        read_unverified_token(token), shared_secret=secret, leeway=LEEWAY, now=now
    )


def decode_rs(token: str, *, audience: str = BASE_URL, now: float = NOW) -> Any:
    return decode_asymmetric(
        read_unverified_token(token),
        public_key=signing.INSTALL_KEY.public_key(),
        audience=audience,
        leeway=LEEWAY,
        now=now,
    )


def claims_of(token: str) -> Any:
    return read_unverified_token(token).claims


def issuer_of(token: str) -> str:
    return read_unverified_token(token).issuer


def key_id_of(token: str) -> str:
    return read_unverified_token(token).key_id


KINDS = pytest.mark.parametrize(
    ("make", "decode"),
    [
        pytest.param(symmetric, decode_hs, id="symmetric"),
        pytest.param(asymmetric, decode_rs, id="asymmetric"),
    ],
)


def refusal(decode: Callable[[str], Any], token: str) -> str:
    """Return why *decode* refuses *token*, having looked for leaks."""
    with pytest.raises(InvalidTokenError) as caught:
        decode(token)
    message = str(caught.value)
    assert message
    assert "canary" not in message
    assert SECRET not in message
    for segment in token.split("."):
        assert len(segment) < 8 or segment not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


@KINDS
def test_a_good_token_is_accepted(make: Any, decode: Any) -> None:
    assert decode(make()) == CLAIMS


def test_a_host_s_token_is_accepted_now() -> None:
    claims = decode_symmetric(
        read_unverified_token(signing.host_token()), shared_secret=SECRET, leeway=LEEWAY
    )
    assert claims["iss"] == signing.CLIENT_KEY


def test_an_install_token_is_accepted_now() -> None:
    claims = decode_asymmetric(
        read_unverified_token(signing.install_token()),
        public_key=signing.INSTALL_KEY.public_key(),
        audience=BASE_URL,
        leeway=LEEWAY,
    )
    assert claims["iss"] == signing.CLIENT_KEY


def test_the_clock_is_the_machine_s_unless_given() -> None:
    with pytest.raises(InvalidTokenError, match="exp is in the past"):
        decode_symmetric(
            read_unverified_token(symmetric()), shared_secret=SECRET, leeway=LEEWAY
        )


# Signatures and algorithms.


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(
            assemble(
                b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), hs256(OTHER_SECRET)
            ),
            id="another-secret",
        ),
        pytest.param(
            assemble(b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), lambda _: b""),
            id="empty-signature",
        ),
    ],
)
def test_a_symmetric_token_with_another_signature_is_refused(token: str) -> None:
    assert refusal(decode_hs, token) == "the signature does not fit"
    with pytest.raises(InvalidSignatureError):
        decode_hs(token)


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_token_is_refused(part: int) -> None:
    segments = symmetric().split(".")
    segments[part] = symmetric({"x": 1}, sub="mallory").split(".")[part]
    assert refusal(decode_hs, ".".join(segments)) == "the signature does not fit"


def test_an_asymmetric_token_of_another_key_is_refused() -> None:
    header = b'{"alg":"RS256"}'
    payload = json.dumps(CLAIMS).encode()
    assert decode_rs(assemble(header, payload, rs256)) == CLAIMS
    token = assemble(header, payload, rs256_by_another)
    assert refusal(decode_rs, token) == "the signature does not fit"
    with pytest.raises(InvalidSignatureError):
        decode_rs(token)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(jwt.encode(CLAIMS, None, "none"), id="none"),
        pytest.param(jwt.encode(CLAIMS, SECRET, "HS384"), id="HS384"),
        pytest.param(jwt.encode(CLAIMS, SECRET, "HS512"), id="HS512"),
        pytest.param(jwt.encode(CLAIMS, signing.INSTALL_KEY, "RS256"), id="RS256"),
        pytest.param(jwt.encode(CLAIMS, signing.INSTALL_KEY, "PS256"), id="PS256"),
        pytest.param(jwt.encode(CLAIMS, EC_KEY, "ES256"), id="ES256"),
        pytest.param(jwt.encode(CLAIMS, ED_KEY, "EdDSA"), id="EdDSA"),
        pytest.param(symmetric({"alg": "none"}), id="signed-none"),
        pytest.param(symmetric({"alg": "None"}), id="signed-None"),
        pytest.param(symmetric({"alg": "hs256"}), id="lower-case"),
        pytest.param(symmetric({"alg": "RS256"}), id="signed-as-HS256-says-RS256"),
        pytest.param(symmetric({"alg": "HS384"}), id="signed-as-HS256-says-HS384"),
        pytest.param(symmetric({"alg": "canary"}), id="unknown"),
        pytest.param(symmetric({"alg": MISSING}), id="missing"),
        pytest.param(symmetric({"alg": None}), id="null"),
        pytest.param(symmetric({"alg": ["HS256"]}), id="list"),
        pytest.param(symmetric({"alg": {"HS256": 1}}), id="object"),
    ],
)
def test_a_symmetric_token_is_hs256(token: str) -> None:
    assert refusal(decode_hs, token) == "the algorithm is not the one of this policy"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(jwt.encode(CLAIMS, None, "none"), id="none"),
        pytest.param(jwt.encode(CLAIMS, SECRET, "HS256"), id="HS256"),
        pytest.param(jwt.encode(CLAIMS, SECRET, "HS512"), id="HS512"),
        pytest.param(
            assemble(
                b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), hs256(signing.pem())
            ),
            id="public-key-as-secret",
        ),
        pytest.param(
            assemble(
                b'{"alg":"HS256"}',
                json.dumps(CLAIMS).encode(),
                hs256(signing.pem().strip()),
            ),
            id="public-key-without-its-newline-as-secret",
        ),
        pytest.param(jwt.encode(CLAIMS, signing.INSTALL_KEY, "RS384"), id="RS384"),
        pytest.param(jwt.encode(CLAIMS, signing.INSTALL_KEY, "RS512"), id="RS512"),
        pytest.param(jwt.encode(CLAIMS, signing.INSTALL_KEY, "PS256"), id="PS256"),
        pytest.param(jwt.encode(CLAIMS, EC_KEY, "ES256"), id="ES256"),
        pytest.param(jwt.encode(CLAIMS, ED_KEY, "EdDSA"), id="EdDSA"),
        pytest.param(asymmetric({"alg": "rs256"}), id="lower-case"),
        pytest.param(asymmetric({"alg": "PS256"}), id="signed-as-RS256-says-PS256"),
    ],
)
def test_an_asymmetric_token_is_rs256(token: str) -> None:
    assert refusal(decode_rs, token) == "the algorithm is not the one of this policy"


def test_a_public_key_as_the_shared_secret_verifies_no_rs256_token() -> None:
    secret = signing.pem().decode()
    with pytest.raises(
        InvalidTokenError, match="the algorithm is not the one of this policy"
    ):
        decode_hs(asymmetric(), secret=secret)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("s", id="one-byte"),
        pytest.param("s" * 400, id="400-bytes"),
        pytest.param(signing.pem().decode(), id="looks-like-a-public-key"),
        pytest.param("ssh-rsa AAAAB3NzaC1yc2E=", id="looks-like-an-ssh-key"),
        pytest.param('{"kty":"oct","k":"AA"}', id="looks-like-a-web-key"),
        pytest.param("Atlässian 宮 😀", id="not-ascii"),
        pytest.param(" ", id="space"),
        pytest.param("\x00", id="nul"),
    ],
)
def test_a_secret_is_opaque(secret: str) -> None:
    by_hand = assemble(b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), hs256(secret))
    assert decode_hs(by_hand, secret=secret) == CLAIMS
    ours = encode_symmetric(CLAIMS, shared_secret=secret)
    assert decode_hs(ours, secret=secret) == CLAIMS


@pytest.mark.parametrize(
    "secret",
    [pytest.param("", id="empty"), pytest.param("\ud800", id="lone-surrogate")],
)
def test_a_secret_that_is_none_verifies_nothing(secret: str) -> None:
    by_hand = assemble(b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), hs256(b""))
    refusal(lambda token: decode_hs(token, secret=secret), by_hand)


# The header.


@KINDS
@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"crit": ["exp"]}, id="crit"),
        pytest.param({"crit": []}, id="empty-crit"),
        pytest.param({"crit": None}, id="null-crit"),
        pytest.param({"crit": ["b64"], "b64": True}, id="crit-b64"),
    ],
)
def test_a_critical_header_is_refused(
    make: Any, decode: Any, header: dict[str, Any]
) -> None:
    assert "canary" not in refusal(decode, make(header))


@KINDS
@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"b64": False}, id="unencoded"),
        pytest.param({"b64": False, "crit": ["b64"]}, id="unencoded-and-critical"),
    ],
)
def test_an_unencoded_payload_is_refused(
    make: Any, decode: Any, header: dict[str, Any]
) -> None:
    refusal(decode, make(header))


def test_a_detached_payload_is_refused() -> None:
    header = base64url(b'{"alg":"HS256","b64":false,"crit":["b64"]}')
    for payload in ("", json.dumps(CLAIMS)):
        signature = base64url(hs256()(f"{header}.{payload}".encode()))
        refusal(decode_hs, f"{header}..{signature}")


@KINDS
@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": MISSING}, id="no-type"),
        pytest.param({"x": "y"}, id="another-field"),
        pytest.param({"jku": "https://evil.example/keys"}, id="key-address"),
        pytest.param({"jwk": {"kty": "oct", "k": "AA"}}, id="key"),
    ],
)
def test_no_other_header_matters(
    make: Any, decode: Any, header: dict[str, Any]
) -> None:
    assert decode(make(header)) == CLAIMS


# The claims.


@KINDS
@pytest.mark.parametrize("name", ["iss", "iat", "exp"])
def test_a_required_claim_is_required(make: Any, decode: Any, name: str) -> None:
    assert refusal(decode, make(**{name: MISSING})) == f"{name} is missing"


NAMES = [
    pytest.param(None, id="null"),
    pytest.param(1, id="number"),
    pytest.param(True, id="bool"),
    pytest.param(["canary"], id="list"),
    pytest.param({"canary": 1}, id="object"),
    pytest.param("", id="empty"),
    pytest.param("c" * 256, id="256-characters"),
    pytest.param("canary\x00", id="nul"),
    pytest.param("canary\n", id="newline"),
    pytest.param("canary\x1b[31m", id="escape-sequence"),
    pytest.param("canary\u202e", id="right-to-left-override"),
    pytest.param("canary\u2028", id="line-separator"),
]


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
def test_a_token_has_its_time(
    make: Any, decode: Any, claims: dict[str, Any], reason: str | None
) -> None:
    token = make(**claims)
    if reason is None:
        assert decode(token) == CLAIMS | claims
    else:
        assert refusal(decode, token) == reason


@KINDS
def test_a_token_ends_at_the_leeway_after_exp(make: Any, decode: Any) -> None:
    end = CLAIMS["exp"] + LEEWAY
    assert decode(make(), now=end - 0.001) == CLAIMS
    assert refusal(lambda token: decode(token, now=end), make()) == "exp is in the past"


def test_a_leeway_of_0_is_none() -> None:
    token = symmetric(iat=0, exp=NOW)
    early = decode_symmetric(
        read_unverified_token(token), shared_secret=SECRET, leeway=0, now=NOW - 1
    )
    assert early["exp"] == NOW
    with pytest.raises(InvalidTokenError, match="exp is in the past"):
        decode_symmetric(
            read_unverified_token(token), shared_secret=SECRET, leeway=0, now=NOW
        )


# The audience of a signed install.


@pytest.mark.parametrize(
    ("audience", "aud"),
    [
        pytest.param(BASE_URL, BASE_URL, id="string"),
        pytest.param(BASE_URL, [BASE_URL], id="list"),
        pytest.param(BASE_URL, ["https://a.example", BASE_URL], id="second-of-two"),
        pytest.param(BASE_URL, f"{BASE_URL}/", id="slash-at-the-end"),
        pytest.param(BASE_URL, [f"{BASE_URL}/"], id="slash-at-the-end-in-a-list"),
        pytest.param(f"{BASE_URL}/", BASE_URL, id="slash-at-our-end"),
        pytest.param(BASE_URL, [1, None, {}, BASE_URL], id="among-other-types"),
        pytest.param(f"{BASE_URL}/base", f"{BASE_URL}/base", id="with-a-path"),
    ],
)
def test_an_install_meant_for_us_is_accepted(audience: str, aud: Any) -> None:
    assert decode_rs(asymmetric(aud=aud), audience=audience)["aud"] == aud


@pytest.mark.parametrize(
    "aud",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(None, id="null"),
        pytest.param("", id="empty"),
        pytest.param([], id="empty-list"),
        pytest.param([[BASE_URL]], id="list-in-a-list"),
        pytest.param({BASE_URL: 1}, id="object"),
        pytest.param([{"canary": BASE_URL}], id="object-in-a-list"),
        pytest.param(1, id="number"),
        pytest.param([1, None, True], id="other-types"),
        pytest.param("https://other.example.com", id="another"),
        pytest.param(f"{BASE_URL}//", id="two-slashes"),
        pytest.param(f"{BASE_URL}/canary", id="a-path-more"),
        pytest.param(f"{BASE_URL}.evil.example", id="longer"),
        pytest.param(BASE_URL[:-1], id="shorter"),
        pytest.param(BASE_URL.upper(), id="upper-case"),
        pytest.param(BASE_URL.replace("https", "http"), id="another-scheme"),
        pytest.param(f"{BASE_URL} https://other.example.com", id="two-in-a-string"),
    ],
)
def test_an_install_meant_for_another_app_is_refused(aud: Any) -> None:
    reason = refusal(decode_rs, asymmetric(aud=aud))
    assert reason == "aud is not this app's base URL"


def test_a_symmetric_token_needs_no_audience() -> None:
    for aud in (MISSING, None, ["https://other.example.com"]):
        assert decode_hs(symmetric(aud=aud))["iss"] == "client"


# What is no token at all.


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
def test_what_is_no_token_is_refused(token: str) -> None:
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
        pytest.param(lambda token: f"{token}.canary", id="four-segments"),
        pytest.param(lambda token: f".{token}", id="dot-in-front"),
        pytest.param(lambda token: f" {token}", id="space-in-front"),
        pytest.param(lambda token: f"{token}\n", id="newline-at-the-end"),
        pytest.param(lambda token: f"JWT {token}", id="scheme-in-front"),
        pytest.param(lambda token: token.replace(".", "..", 1), id="empty-segment"),
        pytest.param(lambda token: token.replace(".", ".!", 1), id="junk-in-base64"),
    ],
)
def test_a_spoilt_token_is_refused(spoil: Callable[[str], str]) -> None:
    assert decode_hs(symmetric()) == CLAIMS
    refusal(decode_hs, spoil(symmetric()))


# What is read before anything is verified.


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


# What we sign.


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
