"""Response bodies are read up to a size and a time limit."""

import pytest
import requests
import responses

from app.connect.http.bounded_body import read_bounded_body

URL = "https://keys.example.com/key"


def read(
    network: responses.RequestsMock,
    body: bytes,
    *,
    max_bytes: int = 5000,
    seconds: float = 9,
) -> bytes | None:
    network.get(URL, body=body)
    with requests.get(URL, stream=True, timeout=1) as response:
        return read_bounded_body(response, max_bytes=max_bytes, max_seconds=seconds)


@pytest.mark.parametrize("length", [0, 1, 1024, 1025, 5000])
def test_a_body_up_to_the_limit_is_read(
    network: responses.RequestsMock, length: int
) -> None:
    assert read(network, b"x" * length) == b"x" * length


def test_a_body_beyond_the_limit_is_not(network: responses.RequestsMock) -> None:
    assert read(network, b"x" * 5001) is None


def test_a_body_that_drips_is_given_up(network: responses.RequestsMock) -> None:
    with pytest.raises(requests.Timeout):
        read(network, b"x", seconds=-1)
