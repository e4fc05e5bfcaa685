"""The expiring cache: TTL, eviction of the oldest, and no outdated values."""

from types import SimpleNamespace

import pytest

from app.connect.db import expiring_cache
from app.connect.db.expiring_cache import ExpiringCache


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1000.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(expiring_cache, "time", fake)
    return clock


def test_a_value_is_kept_for_its_seconds(clock: SimpleNamespace) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(30)
    assert cache.get("k") is None
    cache.put("k", 1)
    clock.now += 29.9
    assert cache.get("k") == 1
    clock.now += 0.1
    assert cache.get("k") is None


def test_a_false_value_is_a_value(clock: SimpleNamespace) -> None:
    cache: ExpiringCache[str, bool] = ExpiringCache(30)
    cache.put("k", False)
    assert cache.get("k") is False


def test_nothing_is_kept_for_no_seconds(clock: SimpleNamespace) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(0)
    cache.put("k", 1)
    assert cache.get("k") is None


def test_a_new_value_restarts_the_ttl_and_can_be_dropped(
    clock: SimpleNamespace,
) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(30)
    cache.put("k", 1)
    clock.now += 20
    cache.put("k", 2)
    clock.now += 20
    assert cache.get("k") == 2
    cache.forget("k")
    cache.forget("k")
    assert cache.get("k") is None


def test_the_oldest_value_is_evicted_first(clock: SimpleNamespace) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(30, size=2)
    for value, key in enumerate(("a", "b", "a", "c")):
        cache.put(key, value)
    assert [cache.get(key) for key in "abc"] == [2, None, 3]


def test_a_value_from_before_a_change_is_not_kept(clock: SimpleNamespace) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(30)
    cache.put("k", 1)
    version = cache.version
    cache.forget("another")
    cache.put("k", 2, version=version)
    assert cache.get("k") is None
    cache.put("k", 3, version=cache.version)
    assert cache.get("k") == 3


def test_a_value_is_discarded_only_if_it_is_still_there(
    clock: SimpleNamespace,
) -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(30)
    cache.discard("k", 1)
    cache.put("k", 2)
    cache.discard("k", 1)
    assert (cache.get("k"), cache.version) == (2, 0)
    cache.discard("k", 2)
    assert (cache.get("k"), cache.version) == (None, 1)


def test_no_other_thread_can_replace_a_value_that_is_being_discarded() -> None:
    class Value:
        def __eq__(self, other: object) -> bool:
            return bool(vars(cache)["_lock"].locked())

        __hash__ = None  # type: ignore[assignment]  # Only compared.

    cache: ExpiringCache[str, Value] = ExpiringCache(30)
    cache.put("k", Value())
    cache.discard("k", Value())
    assert cache.get("k") is None
