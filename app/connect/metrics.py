"""What the app counts and times, for Prometheus.

Every process records in its own memory or, if the setting PROMETHEUS_MULTIPROC_DIR
names a folder, in a file there. ``flask connect metrics`` adds up the files. No label
has values that strangers can choose.

https://prometheus.github.io/client_python/multiprocess/
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from prometheus_client import Counter, Histogram

# From a fast answer to the longest that a task waits.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS: Final = Counter(
    "connect_requests",
    "Requests to views with a policy; the outcome is accepted, or the error's name",
    ["policy", "outcome"],
)
ANSWERS: Final = Counter("connect_answers", "Answers by HTTP status", ["status"])
KEY_FETCHES: Final = Counter(
    "connect_key_fetches",
    "Install keys asked for, by the number of the key server",
    ["server", "outcome"],
)
HOST_CALL_SECONDS: Final = Histogram(
    "connect_host_call_seconds",
    "Calls to hosts, each try apart; the status is HTTP's, or the error's name",
    ["operation", "status"],
    buckets=_SECONDS,
)
TASK_SECONDS: Final = Histogram(
    "connect_task_seconds",
    "Celery tasks and webhook handlers; the outcome is done, or the error's name",
    ["task", "outcome"],
    buckets=_SECONDS,
)


@cache
def counter_of(metric: Counter, *labels: str) -> Counter:
    """Return the counter with these labels; Prometheus's own look-up is slower."""
    return metric.labels(*labels)


@contextmanager
def timed(histogram: Histogram, *labels: str, good: str) -> Iterator[None]:
    """Time the ``with`` block; its last label is *good*, or the name of its error."""
    begun, outcome = time.perf_counter(), good
    try:
        yield
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        histogram.labels(*labels, outcome).observe(time.perf_counter() - begun)
