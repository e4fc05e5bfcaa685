"""Answers of other servers end in time and within their size, whatever they are."""

import gzip
import socket
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
import requests
import responses

from app.connect.http.bounded_session import (
    MAX_ERROR_BYTES,
    BoundedSession,
    Limits,
    TooLargeError,
)
from tests.connect.http.raw_server import DRIPS, PAUSE, Answer, dripping, sending, serve

SHORT = Limits(seconds=0.4, max_bytes=5000)
LONG = Limits(seconds=30, max_bytes=5000)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = bytes(20_000_000)


@pytest.fixture
def session() -> Iterator[BoundedSession]:
    session = BoundedSession()
    yield session
    session.close()


def with_length(body: bytes, *headers: bytes, status: bytes = OK) -> bytes:
    lines = [*headers, b"Content-Length: %d" % len(body)]
    return status + b"\r\n".join(lines) + b"\r\n\r\n" + body


def call(session: BoundedSession, answer: Answer, limits: Limits) -> requests.Response:
    with serve(answer) as origin:
        return session.call("GET", origin, limits=limits)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(dripping(b"", b"H"), id="status line"),
        pytest.param(
            dripping(OK, b"X-A: b\r\n", b"Content-Length: 0\r\n\r\n"), id="headers"
        ),
        pytest.param(
            dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", with_length(b"")),
            id="interim answers",
        ),
        pytest.param(dripping(OK + b"Content-Length: 60\r\n\r\n", b"x"), id="body"),
        pytest.param(dripping(OK + b"\r\n", b"x"), id="body without a length"),
        pytest.param(dripping(CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n"), id="chunks"),
        pytest.param(dripping(CHUNKED, b"0", b"\r\n\r\n"), id="chunk size"),
        pytest.param(
            dripping(CHUNKED + b"1;", b"a", b"\r\nx\r\n0\r\n\r\n"), id="chunk extension"
        ),
        pytest.param(
            dripping(CHUNKED + b"0\r\n", b"X-A: b\r\n", b"\r\n"), id="trailers"
        ),
        pytest.param(
            dripping(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
            id="compressed nothing",
        ),
        pytest.param(
            dripping(
                OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"")[:2],
                b"\x00\x00\x00\xff\xff",
                b"\x01\x00\x00\xff\xff" + struct.pack(">I", 1),
            ),
            id="compressed blocks of nothing",
        ),
        pytest.param(
            dripping(b"HTTP/1.1 500 No\r\nContent-Length: 60\r\n\r\n", b"x"), id="error"
        ),
    ],
)
def test_a_server_that_drips_is_given_up(
    session: BoundedSession, answer: Answer
) -> None:
    with pytest.raises(requests.Timeout):
        call(session, answer, SHORT)


def test_a_server_that_takes_in_a_body_slowly_is_given_up(
    session: BoundedSession,
) -> None:
    body = bytes(30_000_000)

    def read_slowly(connection: socket.socket) -> None:
        left = len(body) - 1_000_000
        for number in range(10_000):
            if number < DRIPS:
                time.sleep(PAUSE)
            left -= len(connection.recv(65_536))
            if left <= 0:
                break
        connection.sendall(with_length(b""))

    with serve(read_slowly) as origin, pytest.raises(requests.ConnectionError):
        session.call("POST", origin, limits=SHORT, data=body)


def test_a_proxy_that_drips_is_given_up(
    session: BoundedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(dripping(OK, b"X-A: b\r\n", b"\r\n")) as origin:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, origin)
        monkeypatch.delenv("no_proxy", raising=False)
        for scheme in ("http", "https"):
            with pytest.raises((requests.Timeout, requests.exceptions.ProxyError)):
                session.call("GET", f"{scheme}://site.example.com/a", limits=SHORT)


def test_a_call_without_time_is_not_sent(
    session: BoundedSession, network: responses.RequestsMock
) -> None:
    with pytest.raises(requests.Timeout):
        session.call("GET", "https://a.example.com", limits=Limits(0, 5000))
    assert not network.calls


@pytest.mark.parametrize("length", [0, 1, 4999, 5000])
def test_an_answer_up_to_the_limit_is_read(
    session: BoundedSession, length: int
) -> None:
    answer = call(session, sending(with_length(b"x" * length)), LONG)
    assert answer.content == b"x" * length
    assert answer.text == "x" * length


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(with_length(b"x" * 5001), id="one byte"),
        pytest.param(OK + b"\r\n" + b"x" * 5001, id="without a length"),
        pytest.param(CHUNKED + b"10000\r\n" + b"x" * 100_000, id="chunked"),
        pytest.param(CHUNKED + b"-5\r\n" + b"x" * 100_000, id="negative chunk"),
        pytest.param(CHUNKED + b"1\r\nx\r\n" * 6000, id="many chunks"),
        pytest.param(
            with_length(gzip.compress(ZEROS), b"Content-Encoding: gzip"), id="gzip"
        ),
        pytest.param(
            with_length(gzip.compress(b"x" * 100) * 60, b"Content-Encoding: gzip"),
            id="gzip in members",
        ),
        pytest.param(
            with_length(zlib.compress(ZEROS), b"Content-Encoding: deflate"),
            id="deflate",
        ),
        pytest.param(
            with_length(zlib.compress(ZEROS, wbits=-15), b"Content-Encoding: deflate"),
            id="raw deflate",
        ),
        pytest.param(
            with_length(
                gzip.compress(gzip.compress(ZEROS)), b"Content-Encoding: gzip, gzip"
            ),
            id="gzip twice",
        ),
    ],
)
def test_a_larger_answer_is_refused_without_holding_it_in_memory(
    session: BoundedSession, answer: bytes
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="more than 5000 bytes") as caught:
            call(session, sending(answer), LONG)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.answer.status_code == 200
    assert peak < 3_000_000


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_of_an_error_only_the_start_is_kept(
    session: BoundedSession, encoding: str
) -> None:
    body = ZEROS if encoding == "identity" else gzip.compress(ZEROS)
    header = f"Content-Encoding: {encoding}".encode()
    answer = with_length(body, header, status=b"HTTP/1.1 503 No\r\n")
    limits = Limits(seconds=30, max_bytes=50_000_000)
    answered = call(session, sending(answer), limits)
    assert answered.status_code == 503
    assert answered.content == bytes(MAX_ERROR_BYTES)
    assert call(session, sending(answer), LONG).content == bytes(LONG.max_bytes)


def reset(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 9\r\n\r\nabc")
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(sending(b""), id="nothing"),
        pytest.param(sending(b"SSH-2.0-OpenSSH\r\n\r\n"), id="no HTTP"),
        pytest.param(sending(OK + b"Content-Length: 9\r\n\r\nabc"), id="too short"),
        pytest.param(sending(OK + b"Content-Length: 3, 4\r\n\r\n"), id="two lengths"),
        pytest.param(reset, id="reset"),
        pytest.param(sending(CHUNKED + b"5\r\nabc"), id="half a chunk"),
        pytest.param(sending(CHUNKED + b"x\r\nabc"), id="no chunk size"),
        pytest.param(sending(CHUNKED + b"1" * 70_000), id="long chunk size"),
        pytest.param(sending(OK + b"X-A: " + b"a" * 70_000), id="long header"),
        pytest.param(sending(OK + b"X-A: b\r\n" * 1000), id="many headers"),
        pytest.param(
            sending(with_length(b"no gzip", b"Content-Encoding: gzip")), id="no gzip"
        ),
        pytest.param(
            sending(with_length(b"x", b"Content-Encoding: " + b"gzip," * 9)),
            id="many encodings",
        ),
        pytest.param(sending(b"HTTP/1.1 103 Hints\r\n\r\n"), id="interim answer"),
    ],
)
def test_a_broken_answer_is_an_error(session: BoundedSession, answer: Answer) -> None:
    with pytest.raises(requests.RequestException):
        call(session, answer, LONG)


def test_a_connection_is_used_again_after_its_answer_was_read(
    session: BoundedSession,
) -> None:
    hello = sending(with_length(b"hello"))
    chunked = sending(CHUNKED, b"2\r\nhi\r\n0\r\n\r\n")
    nothing = sending(b"HTTP/1.1 204 No Content\r\n\r\n")
    head = sending(OK, b"Content-Length: 9\r\nContent-Encoding: gzip\r\n\r\n")
    with serve(hello, chunked, nothing, head, hello) as origin:
        bodies = [
            session.call(method, origin, limits=LONG).content
            for method in ("GET", "GET", "GET", "HEAD", "GET")
        ]
        [pool] = session._adapter.poolmanager.pools._container.values()
        assert pool.num_connections == 1
        session.close()
    assert bodies == [b"hello", b"hi", b"", b"", b"hello"]


def test_a_connection_is_not_used_again_after_its_answer_was_cut(
    session: BoundedSession,
) -> None:
    large, hello = with_length(b"x" * 9000), with_length(b"hello")
    with serve(sending(large), sending(hello)) as origin:
        for _ in range(2):
            with pytest.raises(TooLargeError):
                session.call("GET", origin, limits=LONG)


def test_a_server_that_is_silent_is_given_up_before_the_end(
    session: BoundedSession,
) -> None:
    silent = dripping(OK, b"", b"\r\n")
    with pytest.raises(requests.ReadTimeout):
        call(session, silent, Limits(seconds=30, max_bytes=9, silence=0.2))


def test_an_answer_is_what_requests_would_have_given(session: BoundedSession) -> None:
    answer = call(session, sending(with_length(b"abcde")), LONG)
    assert [*answer.iter_content(2)] == [b"ab", b"cd", b"e"]
    assert answer.elapsed.total_seconds() > 0
