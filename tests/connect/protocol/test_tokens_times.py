"""The lifetime of a token."""

from typing import Any

import pytest

from app.connect.errors import InvalidTokenError
from app.connect.protocol.tokens import decode_symmetric
from app.connect.protocol.unverified_token import read_unverified_token
from tests.connect.protocol.made_tokens import (
    CLAIMS,
    KINDS,
    LEEWAY,
    NOW,
    refusal,
    symmetric,
)
from tests.signing import SECRET


@KINDS
def test_a_token_ends_at_the_leeway_after_exp(make: Any, decode: Any) -> None:
    end = CLAIMS["exp"] + LEEWAY
    assert decode(make(), now=end - 0.001) == CLAIMS
    assert refusal(lambda token: decode(token, now=end), make()) == "exp is in the past"


def test_a_leeway_of_0_allows_no_difference() -> None:
    token = symmetric(iat=0, exp=NOW)
    early, _ = decode_symmetric(
        read_unverified_token(token), shared_secrets=[SECRET], leeway=0, now=NOW - 1
    )
    assert early["exp"] == NOW
    with pytest.raises(InvalidTokenError, match="exp is in the past"):
        decode_symmetric(
            read_unverified_token(token), shared_secrets=[SECRET], leeway=0, now=NOW
        )
