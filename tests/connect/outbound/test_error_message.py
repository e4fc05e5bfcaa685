"""Error messages: what a host says, in each of its formats."""

from typing import Any

import pytest

from app.connect.outbound.error_message import MAX_MESSAGE, find_message


def v2(**fields: Any) -> dict[str, Any]:
    return {"errors": [{"status": 404, "code": "NOT_FOUND", **fields}]}


def v1(*translations: Any, message: str = "") -> dict[str, Any]:
    errors = [{"message": {"translation": text, "args": []}} for text in translations]
    return {"statusCode": 400, "data": {"errors": errors}, "message": message}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(v2(title="No page"), "No page", id="v2 title"),
        pytest.param(v2(title="Bad", detail="id is 0"), "Bad: id is 0", id="v2 both"),
        pytest.param(v2(title=None, detail=None), "NOT_FOUND", id="v2 code"),
        pytest.param(v2(title=1, detail=["x"], code=2), None, id="v2 without text"),
        pytest.param(
            {"errors": [{"title": "One"}, None, {"title": "Two"}, {"title": "One"}]},
            "One; Two",
            id="v2 twice",
        ),
        pytest.param(v1(message="No space"), "No space", id="v1 message"),
        pytest.param(v1("Taken", message="Bad"), "Bad; Taken", id="v1 translation"),
        pytest.param(v1("Taken", message="It is: Taken"), "It is: Taken", id="v1 same"),
        pytest.param(v1(None, 1, "Taken"), "Taken", id="v1 only translation"),
        pytest.param({"errorMessage": "Not now"}, "Not now", id="connect"),
        pytest.param({"message": "", "errorMessage": "x"}, "x", id="first non-empty"),
        pytest.param(
            {"errorMessages": ["No issue", 1, "No project"], "errors": {}},
            "No issue; No project",
            id="jira messages",
        ),
        pytest.param(
            {"errorMessages": [], "errors": {"summary": "is missing", "x": 1}},
            "summary: is missing",
            id="jira fields",
        ),
        pytest.param({"errorMessages": "x", "errors": "y"}, None, id="jira as text"),
        pytest.param({"data": [], "errors": None, "detail": {}}, None, id="odd"),
        pytest.param({"data": {"errors": ["x", {"message": "y"}]}}, None, id="odd v1"),
        pytest.param({"message": " \n"}, None, id="blank"),
        pytest.param(["message"], None, id="array"),
        pytest.param("message", None, id="string"),
        pytest.param(None, None, id="null"),
        pytest.param({"message": "one\r\n two"}, "one two", id="two lines"),
        pytest.param({"message": "a\x1b[2J\ud800b"}, "a [2J b", id="control"),
        pytest.param({"errors": {"a\x00": "b\u202ec"}}, "a : b c", id="hidden"),
        pytest.param({"message": "x" * 9_999}, "x" * MAX_MESSAGE, id="huge"),
    ],
)
def test_a_message_is_found(body: Any, message: str | None) -> None:
    assert find_message(body) == message


def test_many_messages_are_cut() -> None:
    body = {"errorMessages": [f"{number} is wrong" for number in range(100_000)]}
    message = find_message(body)
    assert message is not None
    assert message.startswith("0 is wrong; 1 is wrong; ")
    assert "19 is wrong" in message
    assert "20 is wrong" not in message
    body = {"errorMessages": [f"{number}".ljust(400, "x") for number in range(9)]}
    assert len(find_message(body) or "") == MAX_MESSAGE
