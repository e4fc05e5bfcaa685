"""The cache of static macros: for how long an answer is kept."""

import pytest

from devhost.modules.macros.response_cache import (
    MAX_ENTRIES,
    MAX_SECONDS,
    ResponseCache,
    seconds_fresh,
)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("public", 0),
        ("max-age=60", 60),
        ('private, Max-Age="60"', 60),
        ("max-age=0", 0),
        ("max-age=-1", 0),
        ("max-age=x", 0),
        ("max-age=99999999", MAX_SECONDS),
        ("max-age=60, no-store", 0),
        ('no-cache="Set-Cookie", max-age=60', 0),
        ("s-maxage=60", 0),
    ],
)
def test_max_age_is_read_from_cache_control(header: str, seconds: int) -> None:
    assert seconds_fresh(header) == seconds


def test_the_oldest_answers_are_forgotten() -> None:
    cache = ResponseCache(now=lambda: 0.0)
    for number in range(MAX_ENTRIES + 1):
        cache.keep(number, f"answer {number}", 1)
    assert cache.find(0) is None
    assert cache.find(1) == "answer 1"
    assert cache.find(MAX_ENTRIES) == f"answer {MAX_ENTRIES}"


def test_an_answer_that_is_not_fresh_is_not_kept() -> None:
    cache = ResponseCache(now=lambda: 0.0)
    cache.keep("key", "answer", 0)
    assert cache.find("key") is None
