"""A token is read from two places only, and is valid for one request only."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Request, request
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from app.connect import jwt_required
from app.connect.errors import MissingTokenError
from app.connect.inbound.request_token import (
    get_token,
    is_for_context,
    is_for_this_request,
)
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


def sent(url: str, method: str = "GET", **options: Any) -> Request:
    """Return a request as a server hands it to the app."""
    return Request(EnvironBuilder(url, method=method, **options).get_environ())


def target(raw: str, path_info: str) -> dict[str, Any]:
    """Return the options for a request line's target as a server parses it."""
    environ = {"RAW_URI": raw, "REQUEST_URI": raw, "PATH_INFO": path_info}
    return {"environ_overrides": environ}


def fits(
    request: Request, method: str, signed: str, *, base_url: str = signing.BASE_URL
) -> bool:
    """Return whether a token signed for one request is accepted with another."""
    return is_for_this_request({"qsh": qsh(method, signed)}, request, base_url)


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
def test_finds_the_one_token(header: str | None, query: str) -> None:
    headers = {"Authorization": header} if header else {}
    assert get_token(sent(f"/overview?{query}", headers=headers)) == "t"


@pytest.mark.parametrize(
    ("header", "query"),
    [
        pytest.param(None, "", id="none"),
        *(
            pytest.param(f"{scheme} t", "", id=scheme)
            for scheme in ("Bearer", "Basic", "Token", "JWTS", "X-JWT")
        ),
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
def test_a_missing_token_and_differing_tokens_are_refused(
    header: str | None, query: str
) -> None:
    headers = {"Authorization": header} if header else {}
    with pytest.raises(MissingTokenError):
        get_token(sent(f"/overview?{query}", headers=headers))


def test_takes_no_token_from_a_form_body() -> None:
    with pytest.raises(MissingTokenError):
        get_token(sent("/overview", "POST", data={"jwt": "t"}))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda good: None, id="null"),
        pytest.param(lambda good: 1, id="number"),
        pytest.param(lambda good: True, id="bool"),
        pytest.param(lambda good: "", id="empty"),
        pytest.param(lambda good: "context-qsh", id="context"),
        pytest.param(lambda good: "é" * 64, id="non-ascii"),
        pytest.param(lambda good: [good], id="list"),
        pytest.param(lambda good: good.upper(), id="upper-case"),
        pytest.param(lambda good: good[:-1], id="shorter"),
        pytest.param(lambda good: f"{good} ", id="longer"),
    ],
)
def test_a_qsh_is_the_hash_itself(changed: Callable[[str], Any]) -> None:
    good, page = qsh("GET", "/page"), sent("/page")
    assert is_for_this_request({"qsh": good}, page, signing.BASE_URL)
    assert not is_for_this_request({"qsh": changed(good)}, page, signing.BASE_URL)
    assert not is_for_this_request({}, page, signing.BASE_URL)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="missing"),
        pytest.param({"qsh": None}, id="null"),
        pytest.param({"qsh": ""}, id="empty"),
        pytest.param({"qsh": "Context-QSH"}, id="upper-case"),
        pytest.param({"qsh": ["context-qsh"]}, id="list"),
        pytest.param({"qsh": qsh("GET", "/page")}, id="hash-of-the-request"),
    ],
)
def test_a_context_jwt_has_the_literal_instead(claims: dict[str, Any]) -> None:
    page = sent("/page")
    assert is_for_context({"qsh": "context-qsh"}, page, signing.BASE_URL)
    assert not is_for_context(claims, page, signing.BASE_URL)


@pytest.mark.parametrize(
    ("signed", "url"),
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
def test_lets_in_the_request_that_was_signed(signed: str, url: str) -> None:
    assert fits(sent(url), "GET", signed)


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
def test_a_token_fits_its_own_request_only(method: str, url: str) -> None:
    assert fits(sent("/page?x=1"), "GET", "/page?x=1")
    assert not fits(sent(url, method), "GET", "/page?x=1")


def test_a_token_for_another_request_is_refused(serve: Serve) -> None:
    token = host_token("GET", "/page?x=1")
    assert serve("GET", "/page?x=1", token) == 200
    assert serve("POST", "/page?x=1", token) == 401
    assert serve("GET", "/other?x=1", token) == 401
    assert serve("GET", "/page?x=2", token) == 401


def test_a_double_slash_is_not_a_single_one(serve: Serve) -> None:
    assert serve("GET", "//page", host_token("GET", "/page")) == 308
    assert serve("GET", "/more//page", host_token("GET", "/more/page")) == 401


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
def test_takes_the_raw_path_from_either_server(name: str) -> None:
    other = {"RAW_URI": "REQUEST_URI", "REQUEST_URI": "RAW_URI"}[name]
    environ = {name: "/a%2Fb?x=1", other: "", "PATH_INFO": "/a/b"}
    request = sent("/a/b?x=1", environ_overrides=environ)
    assert fits(request, "GET", "/a%2Fb?x=1")
    assert fits(request, "GET", "/a/b?x=1")
    assert not fits(request, "GET", "/a%2fb?x=1")


def test_without_a_raw_path_the_decoded_one_is_hashed() -> None:
    environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": "/a/b"}
    request = sent("/a/b", environ_overrides=environ)
    assert fits(request, "GET", "/a/b")
    assert not fits(request, "GET", "/a%2Fb")


@pytest.mark.parametrize("origin", ["", "https://app.example.com"])
def test_the_base_path_is_taken_from_the_raw_path_once(origin: str) -> None:
    base_url = f"{signing.BASE_URL}/base"

    def hashes_to(signed: str, raw: str, path_info: str) -> bool:
        request = sent("/", **target(f"{origin}{raw}", path_info))
        return fits(request, "GET", signed, base_url=base_url)

    assert hashes_to("/a%2Fb", "/base/a%2Fb", "/a/b")
    assert hashes_to("/a%2Fb", "/a%2Fb", "/a/b")
    assert not hashes_to("/base/a%2Fb", "/base/a%2Fb", "/a/b")
    assert hashes_to("/base/a%2Fb", "/base/base/a%2Fb", "/base/a/b")
    assert not hashes_to("/a%2Fb", "/base/base/a%2Fb", "/base/a/b")
    assert hashes_to("/baseline%2Fb", "/baseline%2Fb", "/baseline/b")
    assert not hashes_to("/line%2Fb", "/baseline%2Fb", "/line/b")


@pytest.mark.parametrize(
    ("raw", "path_info"),
    [
        pytest.param("http://app.example.com/page", "/page", id="http"),
        pytest.param("HTTPS://app.example.com:8/page", "/page", id="https-with-port"),
        pytest.param("https://app.example.com/%70age", "/page", id="escaped"),
        pytest.param("/page#/other", "/page", id="fragment"),
    ],
)
def test_the_absolute_form_of_a_target_is_read(raw: str, path_info: str) -> None:
    request = sent("/page", **target(raw, path_info))
    assert fits(request, "GET", "/page")
    assert not fits(request, "GET", "/other")


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
    raw: str, path_info: str, signed: str
) -> None:
    assert fits(sent(signed, **target(signed, signed)), "GET", signed)
    assert not fits(sent(signed, **target(raw, path_info)), "GET", signed)


def test_what_is_hashed_is_what_is_routed(serve: Serve) -> None:
    token = host_token("GET", "/page")
    assert serve("GET", "/page", token, **target("/page", "/page")) == 200
    assert serve("GET", "/page", token, **target("http://h#/page", "/")) == 401


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
    method: str, url: str, options: dict[str, Any]
) -> None:
    good = sent("/page", "POST", data="a=1", content_type=FORM)
    assert fits(good, "POST", "/page?a=1")
    request = sent(url, method, **{"content_type": FORM, **options})
    assert not fits(request, method, "/page?a=1")


@pytest.mark.parametrize(
    ("method", "url"), [("GET", "/page"), ("GET", "/page?x=1"), ("POST", "/page?x=1")]
)
def test_a_token_for_a_bare_post_is_good_for_nothing_else(
    method: str, url: str
) -> None:
    assert fits(sent("/page", "POST"), "POST", "/page")
    for form in ({}, {"data": "a=1", "content_type": FORM}):
        assert not fits(sent(url, method, **form), "POST", "/page")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_form_signed_for_a_post_is_good_for_a_post_only(method: str) -> None:
    request = sent("/page", method, data="a=1", content_type=FORM)
    assert not fits(request, "POST", "/page?a=1")


def test_another_form_than_the_signed_one_is_refused(serve: Serve) -> None:
    token = host_token("POST", "/page?a=1")
    assert serve("POST", "/page", token, data="a=1", content_type=FORM) == 200
    assert serve("POST", "/page", token, data="a=2", content_type=FORM) == 401


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
