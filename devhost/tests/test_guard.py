"""Requests from another site's page, or another machine, and how they are refused."""

import gc
import socket
import struct
import threading

import pytest
import requests

from devhost.server import LocalConfluence


@pytest.mark.parametrize("path", ["/wiki/", "/devhost/", "/wiki/rest/api/user", "/x"])
@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", ""])
def test_a_foreign_host_name_is_refused(
    confluence: LocalConfluence, path: str, host: str
) -> None:
    url = f"http://127.0.0.1:{confluence.port}{path}"
    answer = requests.get(url, headers={"Host": host}, timeout=30)
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/devhost/api/user",
        "/devhost/user",
        "/devhost/install",
        "/devhost/api/install",
        "/devhost/api/context-token",
        "/devhost/api/iframe",
        "/devhost/apps/x/uninstall",
        "/wiki/rest/plugins/1.0/",
    ],
)
def test_a_page_of_another_site_changes_nothing(
    confluence: LocalConfluence, path: str, headers: dict[str, str]
) -> None:
    answer = requests.post(
        confluence.origin + path,
        json={"user": "user"},
        headers=headers,
        auth=("admin", "admin"),
        timeout=30,
    )
    assert answer.status_code == 403
    assert confluence.site.user.name == "admin"


def test_our_own_page_can_change_things(confluence: LocalConfluence) -> None:
    headers = {"Origin": confluence.origin, "Sec-Fetch-Site": "same-origin"}
    url = f"{confluence.origin}/devhost/api/user"
    answer = requests.post(url, json={"user": "user"}, headers=headers, timeout=30)
    assert answer.json()["user"] == "user"


def test_it_listens_on_loopback_only(confluence: LocalConfluence) -> None:
    for server in confluence._servers:
        assert server.socket.getsockname()[0] in {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /wiki/%00%FF HTTP/1.1",
        b"GET /wiki/\xff\xfe HTTP/1.1",
        b"GET //wiki HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET wiki HTTP/1.1",
        b"GET http://[::1/ HTTP/1.1",
        b"GET /wiki/rest/plugins/1.0/pending/%C0 HTTP/1.1",
        b"GET /wiki/plugins/servlet/ac/%FF/%FF HTTP/1.1",
        b"GET /wiki/people/%FF HTTP/1.1",
        b"GET /devhost/static/..%2f..%2fstate.py HTTP/1.1",
        b"GET /wiki/atlassian-connect/..%2f..%2fpackage.json HTTP/1.1",
        b"GET /wiki/rest/x?%ZZ=%FF&&=;# HTTP/1.1",
        b"PROPFIND /wiki/ HTTP/1.1",
        b"NONSENSE",
    ],
)
def test_no_request_line_causes_a_server_error(
    confluence: LocalConfluence, request_line: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", confluence.port), 5) as connection:
        host = f"localhost:{confluence.port}".encode()
        connection.sendall(request_line + b"\r\nHost: " + host + b"\r\n\r\n")
        answer = connection.recv(65536)
    status = answer.split(b" ")[1][:1] if answer.startswith(b"HTTP") else b"4"
    assert status in {b"2", b"3", b"4"}, answer


@pytest.mark.parametrize(
    "path", ["/devhost/user", "/devhost/api/user", "/wiki/rest/plugins/1.0/"]
)
@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"5\r\nab", b"\r\n"])
def test_a_malformed_chunked_body_is_refused(
    confluence: LocalConfluence, path: str, chunks: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", confluence.port), 5) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost:{confluence.port}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        connection.sendall(chunks)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).split(b" ")[1].startswith(b"4")


def test_a_client_that_breaks_off_leaves_no_file_open(
    confluence: LocalConfluence,
) -> None:
    host = f"localhost:{confluence.port}".encode()
    before = set(threading.enumerate())
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", confluence.port)) as client:
            client.sendall(b"GET /devhost/static/host.js HTTP/1.1\r\n")
            client.sendall(b"Host: " + host + b"\r\n\r\n")
            # Closing resets the connection, during the response or after it.
            client.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            assert client.recv(1)
    for answering in set(threading.enumerate()) - before:
        answering.join(30)
    # An unclosed file warns when it is collected, and a warning fails the test.
    gc.collect()
