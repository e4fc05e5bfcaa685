"""Key servers and their answers."""

from typing import Any

import pytest
import requests
import responses

from tests import signing
from tests.signing import KEY_SERVER, SECOND_KEY_SERVER

KEY_ID = signing.KEY_ID


FIRST = f"{KEY_SERVER}/{KEY_ID}"


SECOND = f"{SECOND_KEY_SERVER}/{KEY_ID}"


OUTAGES = [
    pytest.param({"body": requests.ConnectionError()}, id="connection"),
    pytest.param({"body": requests.ConnectTimeout()}, id="connect-timeout"),
    pytest.param({"body": requests.ReadTimeout()}, id="read-timeout"),
    pytest.param({"body": requests.exceptions.SSLError()}, id="tls"),
    pytest.param({"body": requests.exceptions.ChunkedEncodingError()}, id="cut-off"),
    pytest.param({"status": 500}, id="500"),
    pytest.param({"status": 503}, id="503"),
    pytest.param({"status": 599}, id="599"),
    pytest.param({"status": 408}, id="408"),
    pytest.param({"status": 429}, id="429"),
    pytest.param({"body": b"\n<html>Be back soon</html>"}, id="page"),
]


NO_SUCH_KEY = [pytest.param({"status": s}, id=str(s)) for s in (400, 403, 404, 410)]


def asked(world: responses.RequestsMock) -> list[str]:
    """Return the requested URLs, and clear the list."""
    urls = [str(call.request.url) for call in world.calls]
    world.calls.reset()
    return urls


def answer(world: responses.RequestsMock, first: Any, second: Any) -> None:
    """Set the answers of the two servers; None fails a test that asks."""
    world.reset()
    for url, options in ((FIRST, first), (SECOND, second)):
        if options is not None:
            world.get(url, **options)


GOOD = {"body": signing.pem()}


GONE = {"status": 404}


DOWN = {"status": 503}
