"""How near to its limit a host says that the app is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connect.protocol.rate_limits import (
    MAX_INTERVAL,
    UNSAID,
    NearLimit,
    is_of_app,
    read_near_limit,
)

NOW = datetime(2026, 3, 2, 11, 50, tzinfo=UTC)
TOP_OF_HOUR = "2026-03-02T12:00:00Z"
LIMIT = {"X-RateLimit-Limit": "100", "X-RateLimit-Reset": TOP_OF_HOUR}
NUMBERS = st.integers(0, 10**15)
NAMES = [
    *("RateLimit", "Beta-RateLimit", "RateLimit-Reason", "X-RateLimit-Limit"),
    *("X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-NearLimit"),
]


def test_what_is_left_is_spread_until_the_reset() -> None:
    found = read_near_limit({**LIMIT, "X-RateLimit-Remaining": "150"}, NOW)
    assert found is None
    headers = {**LIMIT, "X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "199"}
    assert read_near_limit(headers, NOW) == NearLimit(False, 600 / 199, 600)


@pytest.mark.parametrize(("left", "near"), [("20", False), ("19", True), ("0", True)])
def test_a_fifth_is_near(left: str, near: bool) -> None:
    found = read_near_limit({**LIMIT, "X-RateLimit-Remaining": left}, NOW)
    assert (found is not None) is near


@pytest.mark.parametrize("value", ["true", "True"])
def test_the_host_may_just_say_that_it_is_near(value: str) -> None:
    headers = {"X-RateLimit-NearLimit": value}
    assert read_near_limit(headers, NOW) == NearLimit(False, 1.0, UNSAID)


@pytest.mark.parametrize(
    ("reason", "of_app"),
    [
        ("confluence-quota-global-based", True),
        ("confluence-quota-tenant-based", False),
        ("confluence-burst-based", False),
    ],
)
def test_the_reason_says_whose_limit_it_is(reason: str, of_app: bool) -> None:
    headers = {"X-RateLimit-NearLimit": "true", "RateLimit-Reason": reason}
    found = read_near_limit(headers, NOW)
    assert found is not None and found.of_app is of_app
    assert is_of_app(headers) is of_app


@pytest.mark.parametrize("prefix", ["", "Beta-"])
def test_the_structured_header_is_read(prefix: str) -> None:
    headers = {f"{prefix}RateLimit": '"global-app-quota";r=300;t=600'}
    assert read_near_limit(headers, NOW) == NearLimit(True, 2.0, 600)


def test_of_two_limits_the_slower_counts() -> None:
    header = '"global-app-quota";r=600;t=600, "tenant-app-quota";r=200;t=600'
    assert read_near_limit({"RateLimit": header}, NOW) == NearLimit(False, 3.0, 600)


@pytest.mark.parametrize(
    "header",
    ['"global-app-quota";t=600', '"global-app-quota"', "", "r=1;t=2", '"'],
)
def test_without_a_rest_no_limit_is_near(header: str) -> None:
    assert read_near_limit({"RateLimit": header}, NOW) is None


def test_what_is_enforced_goes_before_what_is_announced() -> None:
    headers = {
        "RateLimit": '"tenant-app-quota";r=600;t=600',
        "Beta-RateLimit": '"tenant-app-quota";r=300;t=600',
    }
    assert read_near_limit(headers, NOW) == NearLimit(False, 1.0, 600)


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        (TOP_OF_HOUR, 600),
        ("2026-03-02T12:00:00", 600),
        ("2026-03-02T12:00:00+00:00", 600),
        ("2026-03-02T11:00:00Z", 0),
        ("2036-03-02T11:00:00Z", 3600),
        ("soon", UNSAID),
        ("", UNSAID),
        ("0001-01-01T00:00:00+23:59", 0),
    ],
)
def test_the_reset_is_a_time(reset: str, seconds: float) -> None:
    headers = {"X-RateLimit-NearLimit": "true", "X-RateLimit-Reset": reset}
    found = read_near_limit(headers, NOW)
    assert found is not None and found.seconds == seconds


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.text(max_size=30) | st.from_regex(r'"global-app-quota";r=\d+;t=\d+'),
    )
)
def test_whatever_a_host_sends_slows_down_within_bounds(
    headers: dict[str, str],
) -> None:
    found = read_near_limit(headers, NOW)
    if found is not None:
        assert 0 <= found.interval <= MAX_INTERVAL
        assert 0 <= found.seconds <= 3600
