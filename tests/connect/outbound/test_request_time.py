"""The time that a web request may spend on its calls: when it counts."""

import math

from flask import Flask

from app.connect.outbound.request_time import RequestTime
from app.connect.tasks.context import working


def test_only_code_that_a_user_waits_for_has_a_limit(app: Flask) -> None:
    time = RequestTime(10)
    assert time.left() == math.inf
    with app.test_request_context():
        assert time.left() == 10
        # As where Celery runs each task at once, in the request that sends it.
        with working():
            assert time.left() == math.inf
