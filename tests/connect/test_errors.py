"""Errors are logged with their types and frames, and without their texts."""

import logging
from traceback import format_exception

import pytest

from app.connect.errors import HostUnavailableError, without_text


def logged(error: BaseException) -> str:
    return "".join(format_exception(without_text(error)))


def fail(text: str) -> None:
    raise ValueError(text)


def test_the_text_of_an_error_is_left_out_and_its_frames_are_not() -> None:
    with pytest.raises(ValueError) as caught:
        fail("canary")
    caught.value.add_note("canary")
    text = logged(caught.value)
    assert "canary" not in text.replace('fail("canary")', "")
    assert text.endswith("\nValueError\n")
    assert "in fail\n    raise ValueError(text)" in text
    assert str(caught.value) == "canary"


def test_what_led_to_an_error_is_kept_without_its_text() -> None:
    words = ["canary"] * 2
    with pytest.raises(KeyError) as handled:
        try:
            fail(words[0])
        except ValueError as error:
            raise KeyError(words[1]) from error
    text = logged(handled.value)
    assert "canary" not in text
    assert text.index("ValueError\n") < text.index("the direct cause of")
    with pytest.raises(KeyError) as meanwhile:
        try:
            fail(words[0])
        except ValueError:
            raise KeyError(words[1])  # noqa: B904 - what is tested.
    text = logged(meanwhile.value)
    assert "canary" not in text
    assert text.index("ValueError\n") < text.index("another exception occurred")


def test_what_is_hidden_stays_hidden() -> None:
    with pytest.raises(KeyError) as caught:
        try:
            fail("canary")
        except ValueError:
            raise KeyError from None
    assert "ValueError" not in logged(caught.value)


def test_a_chain_without_end_is_cut() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert logged(first).count("KeyError\n") == 5


def test_the_frameworks_own_errors_keep_their_texts() -> None:
    error = HostUnavailableError("no answer")
    assert str(error) in logged(error)


class Odd(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__()


def test_an_error_of_any_signature_can_be_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger(__name__).error("failed", exc_info=without_text(Odd(1, 2)))
    assert caplog.text.endswith("tests.connect.test_errors.Odd\n")
