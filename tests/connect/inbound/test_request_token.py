"""A token is taken from its two places only, and fits one request only."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app.connect import jwt_required
from app.connect.errors import MissingTokenError
from app.connect.inbound.request_token import acceptable_hashes, get_token
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing
from tests.example import create_app
from tests.signing import authorization, host_token, qsh

Serve = Callable[..., int]


FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def views(app: Flask) -> None:
    """A guarded view at any path, and one that reads its form."""

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
    @jwt_required
    def anything(path: str) -> str:
        return path

    @app.post("/form")
    @jwt_required
    def form() -> dict[str, str]:
        return request.form.to_dict()


@pytest.fixture
def serve(app: Flask, views: None, tenant: Tenant) -> Serve:
    """Send a request with a token; return the status."""

    def send(method: str, url: str, token: str, **options: Any) -> int:
        headers = authorization(token)
        answer = app.test_client().open(url, method=method, headers=headers, **options)
        return answer.status_code

    return send


def target(raw: str, path_info: str) -> dict[str, Any]:
    """Return the options for a request line's target as a server parses it."""
    environ = {"RAW_URI": raw, "REQUEST_URI": raw, "PATH_INFO": path_info}
    return {"environ_overrides": environ}


@pytest.mark.parametrize(
    ("header", "query"),
    [
        pytest.param("JWT t", "", id="header"),
        pytest.param("jwt t", "", id="lower-case-scheme"),
        pytest.param("jWt t", "", id="mixed-case-scheme"),
        pytest.param("JWT   t ", "", id="more-spaces"),
        pytest.param(None, "jwt=t", id="query"),
        pytest.param(None, "j%77t=t", id="query-with-an-encoded-name"),
        pytest.param("JWT t", "jwt=t", id="both-equal"),
        pytest.param(None, "jwt=t&jwt=t", id="twice-equal"),
        pytest.param("Bearer x", "jwt=t", id="another-scheme-beside-the-query"),
    ],
)
def test_finds_the_one_token(app: Flask, header: str | None, query: str) -> None:
    headers = {"Authorization": header} if header else {}
    with app.test_request_context(f"/overview?{query}", headers=headers):
        assert get_token(request) == "t"


@pytest.mark.parametrize(
    ("header", "query"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("Bearer t", "", id="bearer"),
        pytest.param("JWTt", "", id="no-space"),
        pytest.param("t", "", id="no-scheme"),
        pytest.param("JWT\tt", "", id="tab"),
        pytest.param(None, "JWT=t", id="upper-case-parameter"),
        pytest.param(None, "acpt=t", id="session-token-parameter"),
        pytest.param("JWT t", "jwt=u", id="both-different"),
        pytest.param("JWT t", "jwt=", id="query-empty"),
        pytest.param("JWT ", "jwt=t", id="header-empty"),
        pytest.param("JWT t", "jwt", id="query-without-value"),
        pytest.param(None, "jwt=t&jwt=u", id="two-in-the-query"),
    ],
)
def test_refuses_no_token_and_contradicting_ones(
    app: Flask, header: str | None, query: str
) -> None:
    headers = {"Authorization": header} if header else {}
    with app.test_request_context(f"/overview?{query}", headers=headers):
        with pytest.raises(MissingTokenError):
            get_token(request)


def test_takes_no_token_from_a_form_body(app: Flask) -> None:
    with app.test_request_context("/overview", method="POST", data={"jwt": "t"}):
        with pytest.raises(MissingTokenError):
            get_token(request)


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        pytest.param("/page?a=1&b=2", "/page?a=1&b=2", id="same"),
        pytest.param("/page?a=1&b=2", "/page?b=2&a=1", id="other-order"),
        pytest.param("/page?a=%20", "/page?a=+", id="plus-for-space"),
        pytest.param("/page", "/page?jwt=", id="without-the-token-itself"),
        pytest.param("/page?a=%C3%A9", "/page?a=%c3%a9", id="lower-case-escape"),
        pytest.param("/a%2Fb", "/a%2Fb", id="raw-path"),
        pytest.param("/a b", "/a%20b", id="decoded-path"),
        pytest.param("/é", "/%C3%A9", id="decoded-non-ascii-path"),
    ],
)
def test_lets_in_the_request_that_was_signed(
    app: Flask, signed: str, sent: str
) -> None:
    with app.test_request_context(sent):
        assert qsh("GET", signed) in acceptable_hashes(request, signing.BASE_URL)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        pytest.param("HEAD", "/page?x=1", id="head"),
        pytest.param("POST", "/page?x=1", id="post"),
        pytest.param("PUT", "/page?x=1", id="put"),
        pytest.param("GET", "/other?x=1", id="path"),
        pytest.param("GET", "/Page?x=1", id="path-case"),
        pytest.param("GET", "/page/more?x=1", id="longer-path"),
        pytest.param("GET", "/?x=1", id="no-path"),
        pytest.param("GET", "/page?x=2", id="value"),
        pytest.param("GET", "/page?X=1", id="name-case"),
        pytest.param("GET", "/page?x=1&y=2", id="added-parameter"),
        pytest.param("GET", "/page?x=1&x=1", id="repeated-parameter"),
        pytest.param("GET", "/page", id="removed-parameter"),
        pytest.param("GET", "/page%3Fx=1", id="question-mark-in-path"),
        pytest.param("GET", "/page%26x=1", id="ampersand-in-path"),
        pytest.param("GET", "/page&x=1", id="raw-ampersand-in-path"),
        pytest.param("GET", "/page%253Fx=1", id="question-mark-encoded-twice"),
        pytest.param("GET", "/page%2526x=1", id="ampersand-encoded-twice"),
        pytest.param("GET", "/page%23?x=1", id="encoded-hash"),
        pytest.param("GET", "/page%00?x=1", id="nul"),
        pytest.param("GET", "/page;y?x=1", id="path-parameter"),
        pytest.param("GET", "/./page?x=1", id="dot-segment"),
        pytest.param("GET", "/a/../page?x=1", id="dot-dot-segment"),
    ],
)
def test_a_token_fits_its_own_request_only(serve: Serve, method: str, url: str) -> None:
    token = host_token("GET", "/page?x=1")
    assert serve("GET", "/page?x=1", token) == 200
    assert serve(method, url, token) == 401


def test_a_double_slash_is_not_a_single_one(serve: Serve) -> None:
    assert serve("GET", "//page", host_token("GET", "/page")) == 308
    assert serve("GET", "/more//page", host_token("GET", "/more/page")) == 401


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
def test_takes_the_raw_path_from_either_server(serve: Serve, name: str) -> None:
    other = {"RAW_URI": "REQUEST_URI", "REQUEST_URI": "RAW_URI"}[name]
    environ = {name: "/a%2Fb?x=1", other: "", "PATH_INFO": "/a/b"}
    for signed in ("/a%2Fb?x=1", "/a/b?x=1"):
        token = host_token("GET", signed)
        assert serve("GET", "/a/b?x=1", token, environ_overrides=environ) == 200
    token = host_token("GET", "/a%2fb?x=1")
    assert serve("GET", "/a/b?x=1", token, environ_overrides=environ) == 401


def test_without_a_raw_path_the_decoded_one_is_hashed(serve: Serve) -> None:
    environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": "/a/b"}
    token = host_token("GET", "/a/b")
    assert serve("GET", "/a/b", token, environ_overrides=environ) == 200
    token = host_token("GET", "/a%2Fb")
    assert serve("GET", "/a/b", token, environ_overrides=environ) == 401


@pytest.mark.parametrize(
    ("raw", "path_info"),
    [
        pytest.param("http://app.example.com/page", "/page", id="http"),
        pytest.param("HTTPS://app.example.com:8/page", "/page", id="https-with-port"),
        pytest.param("https://app.example.com/%70age", "/page", id="escaped"),
        pytest.param("/page#/other", "/page", id="fragment"),
    ],
)
def test_reads_the_absolute_form_of_a_target(
    serve: Serve, raw: str, path_info: str
) -> None:
    options = target(raw, path_info)
    assert serve("GET", "/page", host_token("GET", "/page"), **options) == 200
    assert serve("GET", "/page", host_token("GET", "/other"), **options) == 401


@pytest.mark.parametrize(
    ("raw", "path_info", "signed"),
    [
        # Each as gunicorn parses it: RAW_URI is the target, PATH_INFO what is routed.
        pytest.param("http:/who#://", "/who", "/", id="scheme-without-authority"),
        pytest.param("http:who#://h/page", "who", "/page", id="path-in-the-fragment"),
        pytest.param("who", "who", "/", id="no-slash"),
        pytest.param("files/://h/page", "files/://h/page", "/page", id="url-in-path"),
        pytest.param("x:who/a://h/page", "who/a://h/page", "/page", id="other-scheme"),
        pytest.param("http://h#/page", "/", "/page", id="fragment-after-authority"),
        pytest.param("http:///who", "/who", "/", id="empty-authority"),
        pytest.param("ftp://h/page", "/who", "/page", id="ftp"),
        # gunicorn takes a header SCRIPT_NAME from a proxy on the same machine.
        pytest.param("/a/page", "/page", "/a/page", id="script-name-of-a-stranger"),
    ],
)
def test_an_odd_request_target_does_not_pass_for_another_path(
    serve: Serve, raw: str, path_info: str, signed: str
) -> None:
    token = host_token("GET", signed)
    assert serve("GET", signed, token, **target(signed, signed)) == 200
    assert serve("GET", signed, token, **target(raw, path_info)) == 401


def test_a_signed_form_stands_in_for_an_empty_query_of_a_post(serve: Serve) -> None:
    token = host_token("POST", "/page?a=1&b=%20")
    assert serve("POST", "/page", token, data="b=+&a=1", content_type=FORM) == 200
    query = {"jwt": token}
    assert (
        serve(
            "POST",
            "/page",
            token,
            data="a=1&b=+",
            content_type=FORM,
            query_string=query,
        )
        == 200
    )


@pytest.mark.parametrize(
    ("method", "url", "options"),
    [
        pytest.param("POST", "/page", {"data": "a=2"}, id="other-value"),
        pytest.param("POST", "/page", {"data": "a=1&b=2"}, id="added"),
        pytest.param("POST", "/page", {"data": ""}, id="empty"),
        pytest.param("POST", "/page?b=2", {"data": "a=1"}, id="with-a-query"),
        pytest.param("POST", "/page?a=2", {"data": "a=1"}, id="with-the-same-name"),
        pytest.param("PUT", "/page", {"data": "a=1"}, id="put"),
        pytest.param("GET", "/page", {"data": "a=1"}, id="get"),
        pytest.param("DELETE", "/page", {"data": "a=1"}, id="delete"),
        pytest.param(
            "POST", "/page", {"data": "a=1", "content_type": "text/plain"}, id="text"
        ),
        pytest.param(
            "POST",
            "/page",
            {"data": "a=1", "content_type": "application/json"},
            id="json",
        ),
    ],
)
def test_a_form_stands_in_for_nothing_else(
    serve: Serve, method: str, url: str, options: dict[str, Any]
) -> None:
    good = host_token("POST", "/page?a=1")
    assert serve("POST", "/page", good, data="a=1", content_type=FORM) == 200
    token = host_token(method, "/page?a=1")
    assert serve(method, url, token, **{"content_type": FORM, **options}) == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_form_signed_for_a_post_is_good_for_a_post_only(
    serve: Serve, method: str
) -> None:
    token = host_token("POST", "/page?a=1")
    assert serve("POST", "/page", token, data="a=1", content_type=FORM) == 200
    assert serve(method, "/page", token, data="a=1", content_type=FORM) == 401


def test_a_form_that_is_too_large_to_read_is_no_500(serve: Serve) -> None:
    token = host_token("POST", "/page?a=1")
    form = "a=" + "1" * 2_000_000
    assert serve("POST", "/page", token, data=form, content_type=FORM) == 413


def test_the_view_still_reads_a_form_that_was_hashed(
    client: FlaskClient, views: None, tenant: Tenant
) -> None:
    answer = client.post(
        "/form", data={"a": "1"}, headers=authorization(host_token("POST", "/form?a=1"))
    )
    assert answer.json == {"a": "1"}


@pytest.fixture
def below(config: dict[str, Any], tenant: Tenant) -> Iterator[FlaskClient]:
    """The same tenants, served by an app below the path /base."""
    app = create_app({**config, "CONNECT_BASE_URL": f"{signing.BASE_URL}/base"})

    @app.get("/base/secret")
    @app.get("/secret")
    @app.get("/page")
    @app.get("/baseline")
    @jwt_required
    def page() -> str:
        return request.path

    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        pytest.param("/base/page?x=1", "/page?x=1", id="proxy-keeps-the-base-path"),
        pytest.param("/page?x=1", "/page?x=1", id="proxy-strips-the-base-path"),
        pytest.param("/base%2Fpage?x=1", "/page?x=1", id="encoded-slash"),
        pytest.param("/baseline", "/baseline", id="segment-boundary"),
        pytest.param("/base/base/secret", "/base/secret", id="base-path-twice"),
    ],
)
def test_the_base_path_is_not_hashed(
    below: FlaskClient, sent: str, signed: str
) -> None:
    token = host_token("GET", signed)
    assert below.get(sent, headers=authorization(token)).status_code == 200


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        pytest.param("/base/page", "/base/page", id="hashed-with-it"),
        pytest.param("/baseline", "/line", id="stripped-inside-a-segment"),
        pytest.param("/base/base/secret", "/secret", id="stripped-twice"),
        pytest.param("/base/page?x=1", "/page", id="with-a-query"),
    ],
)
def test_the_base_path_is_stripped_once_on_a_segment_boundary(
    below: FlaskClient, sent: str, signed: str
) -> None:
    token = host_token("GET", signed)
    assert below.get(sent, headers=authorization(token)).status_code == 401
