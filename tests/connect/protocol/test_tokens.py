"""Tokens that are accepted, and tokens with a bad signature."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256

from app.connect.errors import InvalidSignatureError, InvalidTokenError
from app.connect.protocol.tokens import (
    decode_symmetric,
    encode_symmetric,
)
from app.connect.protocol.unverified_token import read_unverified_token
from tests import signing
from tests.connect.protocol.made_tokens import (
    CLAIMS,
    KINDS,
    LEEWAY,
    assemble,
    asymmetric,
    decode_hs,
    decode_rs,
    hs256,
    refusal,
    rs256,
    symmetric,
)
from tests.signing import MISSING, OTHER_SECRET, SECRET

EC_KEY = ec.generate_private_key(ec.SECP256R1())


ED_KEY = ed25519.Ed25519PrivateKey.generate()


def rs256_by_another(signed: bytes) -> bytes:
    return signing.OTHER_KEY.sign(signed, padding.PKCS1v15(), SHA256())


@KINDS
def test_a_good_token_is_accepted(make: Any, decode: Any) -> None:
    assert decode(make()) == CLAIMS


def test_a_host_s_token_is_accepted_now() -> None:
    claims, _ = decode_symmetric(
        read_unverified_token(signing.host_token()),
        shared_secrets=[SECRET],
        leeway=LEEWAY,
    )
    assert claims["iss"] == signing.CLIENT_KEY


def test_an_install_token_is_accepted_now() -> None:
    claims = decode_rs(signing.install_token(), now=None)
    assert claims["iss"] == signing.CLIENT_KEY


def test_the_clock_is_the_machine_s_unless_given() -> None:
    with pytest.raises(InvalidTokenError, match="exp is in the past"):
        decode_symmetric(
            read_unverified_token(symmetric()), shared_secrets=[SECRET], leeway=LEEWAY
        )


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


def test_the_secret_that_signed_is_told_from_the_others() -> None:
    token = read_unverified_token(signing.host_token())
    for secrets in ([SECRET, OTHER_SECRET], [OTHER_SECRET, SECRET]):
        _, secret = decode_symmetric(token, shared_secrets=secrets, leeway=LEEWAY)
        assert secret == SECRET
    with pytest.raises(InvalidSignatureError):
        decode_symmetric(token, shared_secrets=[OTHER_SECRET, ""], leeway=LEEWAY)
    with pytest.raises(InvalidSignatureError):
        decode_symmetric(token, shared_secrets=[], leeway=LEEWAY)


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
        pytest.param(jwt.encode(CLAIMS, "", "none"), id="none"),
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
        pytest.param(jwt.encode(CLAIMS, "", "none"), id="none"),
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
def test_an_unusable_secret_verifies_nothing(secret: str) -> None:
    by_hand = assemble(b'{"alg":"HS256"}', json.dumps(CLAIMS).encode(), hs256(b""))
    refusal(lambda token: decode_hs(token, secret=secret), by_hand)
