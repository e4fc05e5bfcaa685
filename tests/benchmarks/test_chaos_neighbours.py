"""The neighbours of `make chaos` misbehave as they are told."""

from collections.abc import Iterator

import pytest
import requests

from benchmarks.chaos import neighbours
from benchmarks.chaos.neighbours import Server
from benchmarks.chaos.sites import rest_answer

SECONDS = 30
MEBIBYTE = 1024 * 1024


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(rest_answer)
    yield server
    server.stop()


def get(server: Server, path: str = "/rest") -> requests.Response:
    """Ask the server."""
    return requests.get(f"{server.url}{path}", timeout=SECONDS)


def test_it_answers(server: Server) -> None:
    assert get(server).json() == {"results": [], "size": 0}


def test_it_answers_with_a_page(server: Server) -> None:
    server.modes[""] = "html"
    answer = get(server)
    assert (answer.status_code, answer.content) == (200, neighbours.HTML)


def test_it_resets(server: Server) -> None:
    server.modes[""] = "reset"
    with pytest.raises(requests.ConnectionError):
        get(server)


def test_it_is_down_and_up_again(server: Server) -> None:
    with requests.Session() as session:
        assert session.get(server.url, timeout=SECONDS).ok
        server.close()
        with pytest.raises(requests.ConnectionError):
            session.get(server.url, timeout=SECONDS)
    server.open()
    assert get(server).ok


@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_it_gives_no_whole_answer_in_time(server: Server, mode: str) -> None:
    server.modes[""] = mode
    with pytest.raises(requests.RequestException):
        requests.get(f"{server.url}/rest", timeout=0.2)


def test_it_is_slow_until_it_is_healed(server: Server) -> None:
    server.slow_seconds = 0.3
    server.modes[""] = "slow"
    with pytest.raises(requests.Timeout):
        requests.get(f"{server.url}/rest", timeout=0.1)
    server.heal()
    assert get(server).ok


def test_a_bomb_is_small_until_it_is_decompressed(server: Server) -> None:
    server.modes[""], server.bomb_bytes = "bomb", 4 * MEBIBYTE
    with requests.get(server.url, timeout=SECONDS, stream=True) as answer:
        sent = answer.raw.read(decode_content=False)
    assert len(sent) < MEBIBYTE / 10
    assert len(get(server).content) > 4 * MEBIBYTE


def test_only_the_paths_that_are_named_misbehave(server: Server) -> None:
    server.modes["/site-a/"] = "html"
    assert get(server, "/site-a/rest").content == neighbours.HTML
    assert get(server, "/site-b/rest").json()
