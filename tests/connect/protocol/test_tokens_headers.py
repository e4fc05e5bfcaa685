"""The header of a token."""

import json
from typing import Any

import pytest

from tests.connect.protocol.made_tokens import (
    CLAIMS,
    KINDS,
    base64url,
    decode_hs,
    hs256,
    refusal,
    symmetric,
)
from tests.signing import MISSING


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
        pytest.param({"typ": None}, id="null-type"),
        pytest.param({"x": "y"}, id="another-field"),
        pytest.param({"jku": "https://evil.example/keys"}, id="key-address"),
        pytest.param({"jwk": {"kty": "oct", "k": "AA"}}, id="key"),
    ],
)
def test_no_other_header_matters(
    make: Any, decode: Any, header: dict[str, Any]
) -> None:
    assert decode(make(header)) == CLAIMS


def test_no_key_id_matters_for_a_shared_secret() -> None:
    assert decode_hs(symmetric({"kid": "../../evil"})) == CLAIMS
