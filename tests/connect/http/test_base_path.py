"""An app below a base path, behind a proxy that strips it or does not."""

from typing import Any

import pytest
import responses
from flask import Flask, request, url_for
from flask.testing import FlaskClient

from app.connect import public, session_token_required
from app.connect.http.base_path import BasePath
from tests import signing

BASE_URL = "https://app.example.com/base"


def pass_through(base_url: str, path: str) -> tuple[str, str]:
    """Return SCRIPT_NAME and PATH_INFO as an app behind *base_url* sees them."""
    seen: dict[str, Any] = {}

    def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        return [b"answer"]

    environ = {"PATH_INFO": path, "SCRIPT_NAME": ""}
    answer = BasePath(wsgi_app, base_url)(environ, lambda *_: lambda _: None)
    assert list(answer) == [b"answer"]
    return seen["SCRIPT_NAME"], seen["PATH_INFO"]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        pytest.param("/base/overview", "/overview", id="not-stripped"),
        pytest.param("/overview", "/overview", id="stripped"),
        pytest.param("/base", "", id="the-base-path-itself"),
        pytest.param("/base/", "/", id="the-base-path-with-a-slash"),
        pytest.param("/basement", "/basement", id="no-segment-boundary"),
        pytest.param("/base/base/x", "/base/x", id="only-once"),
        pytest.param("/x/base/y", "/x/base/y", id="not-at-the-start"),
        pytest.param("", "", id="empty"),
    ],
)
def test_the_base_path_is_taken_off(path: str, seen: str) -> None:
    assert pass_through(BASE_URL, path) == ("/base", seen)
    assert pass_through(f"{BASE_URL}/", path) == ("/base", seen)


@pytest.mark.parametrize("path", ["/overview", "/base/overview", "/", ""])
def test_without_a_base_path_nothing_changes(path: str) -> None:
    assert pass_through("https://app.example.com", path) == ("", path)


def test_a_server_may_leave_an_empty_path_out() -> None:
    seen: dict[str, Any] = {}

    def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    BasePath(wsgi_app, BASE_URL)({}, lambda *_: lambda _: None)
    assert seen == {
        "SCRIPT_NAME": "/base",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "app.example.com",
    }


@pytest.mark.parametrize(
    ("base_url", "scheme", "host"),
    [
        ("https://app.example.com", "https", "app.example.com"),
        ("https://app.example.com/base/", "https", "app.example.com"),
        ("http://127.0.0.1:8080/base", "http", "127.0.0.1:8080"),
        ("http://[::1]:8080", "http", "[::1]:8080"),
    ],
)
def test_scheme_and_host_are_the_base_urls(
    base_url: str, scheme: str, host: str
) -> None:
    seen: dict[str, Any] = {}

    def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    sent = {"PATH_INFO": "/", "HTTP_HOST": "evil.com", "wsgi.url_scheme": "ftp"}
    BasePath(wsgi_app, base_url)(sent, lambda *_: lambda _: None)
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == (scheme, host)


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of an app below a path."""
    return {**config, "CONNECT_BASE_URL": BASE_URL}


def external() -> list[str]:
    return [url_for("external", _external=True), request.url, request.host_url]


@pytest.fixture
def client(app: Flask, key_server: responses.RequestsMock) -> FlaskClient:
    """A client of an app below a path, with an installed tenant."""
    view = public(lambda: url_for("connect_descriptor.serve"))
    app.add_url_rule("/where", "where", view)
    app.add_url_rule("/external", "external", public(lambda: external()))
    app.add_url_rule("/wizard/", "wizard", session_token_required(lambda: ""))
    client = app.test_client()
    headers = signing.authorization(signing.install_token(aud=[BASE_URL]))
    body = signing.payload()
    answer = client.post("/base/installed", json=body, headers=headers)
    assert answer.status_code == 204
    return client


@pytest.mark.parametrize("path", ["/base/overview", "/overview"])
def test_a_signed_page_is_served(client: FlaskClient, path: str) -> None:
    token = signing.host_token(url="/overview?a=1")
    assert client.get(f"{path}?a=1&jwt={token}").status_code == 200
    assert client.get(f"{path}?a=2&jwt={token}").status_code == 401


def test_a_page_beside_the_base_path_is_not_served(client: FlaskClient) -> None:
    token = signing.host_token()
    assert client.get(f"/basement/overview?jwt={token}").status_code == 404


@pytest.mark.parametrize("path", ["/base/where", "/where"])
def test_our_own_links_have_the_base_path(client: FlaskClient, path: str) -> None:
    assert client.get(path).text == "/base/atlassian-connect.json"


EVIL = {"Host": "evil.com", "X-Forwarded-Host": "evil.com"}


@pytest.mark.parametrize("path", ["/wizard", "/base/wizard"])
def test_a_redirect_stays_below_the_base_url(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?session_token=t", base_url="http://x", headers=EVIL)
    assert answer.status_code == 308
    assert answer.location == f"{BASE_URL}/wizard/?session_token=t"


def test_an_external_url_is_below_the_base_url(client: FlaskClient) -> None:
    answer = client.get("/base/external", base_url="http://x", headers=EVIL)
    url = f"{BASE_URL}/external"
    assert answer.json == [url, url, "https://app.example.com/"]


@pytest.mark.parametrize("host", ["evil.com", "app.example.com", ""])
def test_a_signed_page_may_have_an_absolute_target(
    client: FlaskClient, host: str
) -> None:
    token = signing.host_token(url="/overview?a=%2F")
    target = f"http://evil.com/base/overview?a=%2F&jwt={token}"
    answer = client.get(
        "/base/overview",
        query_string=f"a=%2F&jwt={token}",
        headers={"Host": host},
        environ_overrides={"RAW_URI": target, "REQUEST_URI": target},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/overview", "/where", "/nothing", "/wizard"])
@pytest.mark.parametrize(
    ("query", "refused"),
    [(b"a=\xff&jwt=t", True), (b"jwt=\xc3", True), ("loc=é".encode(), False)],
)
def test_a_query_that_is_not_utf_8_is_a_bad_request(
    client: FlaskClient, path: str, query: bytes, refused: bool
) -> None:
    answer = client.get(
        path,
        headers={"Accept": "text/html"},
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
    )
    assert (answer.status_code == 400) is refused
    assert answer.status_code < 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
