"""The user and the context of verified claims."""

from typing import Any

import pytest

from app.connect.errors import InvalidTokenError
from app.connect.protocol.tokens import account_id_of, context_of


@pytest.mark.parametrize(
    ("claims", "account_id"),
    [
        pytest.param({"sub": "a"}, "a", id="sub"),
        pytest.param(
            {"sub": "a", "context": {"user": {"accountId": "b"}}}, "a", id="sub-first"
        ),
        pytest.param({"context": {"user": {"accountId": "b"}}}, "b", id="context"),
        pytest.param({}, None, id="neither"),
        pytest.param({"context": None}, None, id="null-context"),
        pytest.param({"context": {"user": None}}, None, id="null-user"),
        pytest.param({"context": {"user": "u"}}, None, id="text-user"),
        pytest.param({"context": {"user": {}}}, None, id="empty-user"),
        pytest.param({"context": {"user": {"accountId": ""}}}, None, id="empty"),
        pytest.param({"context": {"user": {"accountId": None}}}, None, id="null"),
    ],
)
def test_the_user_is_read_from_the_claims(
    claims: dict[str, Any], account_id: str | None
) -> None:
    assert account_id_of(claims) == account_id
    assert context_of(claims) == (claims.get("context") or {})


@pytest.mark.parametrize(
    "account_id", [1, True, ["x"], {"a": 1}, "a\0b", "a\nb", "x" * 256], ids=repr
)
def test_a_user_of_the_context_is_a_plain_name(account_id: Any) -> None:
    with pytest.raises(InvalidTokenError, match="accountId is not a plain string"):
        account_id_of({"context": {"user": {"accountId": account_id}}})


@pytest.mark.parametrize("context", [[], "{}", 1, 0, False, ""], ids=repr)
def test_a_context_is_an_object(context: Any) -> None:
    for read in (context_of, account_id_of):
        with pytest.raises(InvalidTokenError, match="context is not an object"):
            read({"context": context})
