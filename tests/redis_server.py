"""The Redis that some tests need. Missing in CI it fails; elsewhere they skip."""

import os
from collections.abc import Iterator

import pytest
import redis

REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


def new_redis() -> Iterator["redis.Redis"]:
    """Yield a client, and close it afterwards."""
    client = redis.Redis.from_url(REDIS_URL)
    try:
        client.ping()
    except redis.RedisError:
        client.close()
        if os.environ.get("CI"):
            raise
        pytest.skip("no Redis answers; set TEST_REDIS_URL")
    yield client
    client.close()
