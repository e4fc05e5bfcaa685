"""Retry delays: ``Retry-After`` and back-off."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connect.protocol.retries import MAX_BACK_OFF, back_off, parse_retry_after

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEXT = st.text(max_size=40) | st.sampled_from(["1e5", "+5", "0x10", "²", "٣", " "])


@given(st.integers(0, 999_999_999))
def test_any_number_of_seconds_is_read(seconds: int) -> None:
    assert parse_retry_after(f" {seconds}\t", NOW) == seconds


@given(st.integers(-86_400, 86_400 * 3650))
def test_any_date_is_counted_from_now_and_never_below_zero(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(date, NOW) == max(0, seconds)


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("Mon, 02 Mar 2026 12:01:40 GMT", id="IMF-fixdate"),
        pytest.param("Monday, 02-Mar-26 12:01:40 GMT", id="RFC 850"),
        pytest.param("Mon, 02 Mar 2026 13:01:40 +0100", id="another time zone"),
    ],
)
def test_each_form_of_a_date_is_read(date: str) -> None:
    assert parse_retry_after(date, NOW) == 100


@given(TEXT)
def test_any_retry_after_is_seconds_or_none(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0


def test_the_delay_doubles_from_two_seconds() -> None:
    delays = [back_off(failures, lambda: 0.5) for failures in (1, 2, 3, 4, 5, 6)]
    assert delays == [2, 4, 8, 16, 30, 30]


def test_the_first_delay_and_the_longest_can_be_others() -> None:
    def delay(failures: int) -> float:
        return back_off(failures, lambda: 0.5, first=10, longest=3600)

    delays = [delay(failures) for failures in (1, 2, 3, 9, 10, 5000)]
    assert delays == [10, 20, 40, 2560, 3600, 3600]
    assert back_off(100, lambda: 0.5, first=1, longest=3600) == 3600


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_jitter_is_a_quarter_either_way(failures: int, jitter: float) -> None:
    middle = back_off(failures, lambda: 0.5)
    assert 0.74 * middle < back_off(failures, lambda: jitter) < 1.26 * middle
    assert middle <= MAX_BACK_OFF


def test_calls_that_failed_together_are_not_retried_together() -> None:
    assert len({back_off(1) for _ in range(20)}) > 1
