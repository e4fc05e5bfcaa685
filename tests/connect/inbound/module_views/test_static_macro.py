"""Static macros: storage format for the host only, cached if the author wants."""

from typing import Any

import pytest
from flask import Flask, Response, current_app, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from markupsafe import Markup

from app.connect import (
    current_account_id,
    render_storage,
    session_token,
    static_macro,
)
from app.connect.inbound.policies import Policy, policy_of
from tests.signing import ACCOUNT_ID, authorization, context_token, host_token

pytestmark = pytest.mark.usefixtures("tenant")
TEMPLATES = {
    "quote.xml": "<p>{{ text }}</p>",
    "quote.html": "<p>{{ text }}</p>",
    "quote.storage": "<p>{{ text }}</p>",
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.jinja_loader = DictLoader(TEMPLATES)

    @app.get("/text")
    @static_macro()
    def text() -> str:
        return request.args["text"]

    @app.route("/quote", methods=["GET", "POST"])
    @static_macro(max_age=600)
    def quote() -> Markup:
        return render_storage("quote.xml", text=request.values.get("text", ""))

    @app.get("/own")
    @static_macro(max_age=600)
    def own() -> ResponseReturnValue:
        return Response(str(current_account_id), 201)

    return app.test_client()


def ask(client: FlaskClient, url: str, method: str = "GET", **options: Any) -> Any:
    headers = authorization(host_token(method, url))
    return client.open(url, method=method, headers=headers, **options)


def test_markup_is_answered_and_may_be_kept(client: FlaskClient) -> None:
    answer = ask(client, "/quote?text=a%20%3Cb%3E")
    assert answer.status_code == 200
    assert answer.text == "<p>a &lt;b&gt;</p>"
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    assert answer.headers["CDN-Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Expires"] == "0"
    head = ask(client, "/quote", "HEAD")
    assert head.headers["Cache-Control"] == "public, max-age=600"


def test_a_post_is_answered_and_not_kept(client: FlaskClient) -> None:
    answer = ask(client, "/quote", "POST", data={"text": "</p><script>\x00"})
    assert answer.text == "<p>&lt;/p&gt;&lt;script&gt;</p>"
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert "CDN-Cache-Control" not in answer.headers
    assert "X-Accel-Expires" not in answer.headers


def test_a_string_is_text(client: FlaskClient) -> None:
    answer = ask(client, "/text?text=%3Cp%3E%00%26%22%C3%9F")
    assert answer.text == "&lt;p&gt;&amp;&#34;ß"
    assert answer.headers["Cache-Control"] == "no-cache, no-store"


def test_another_answer_is_left_alone(client: FlaskClient) -> None:
    answer = ask(client, "/own")
    assert (answer.status_code, answer.text) == (201, ACCOUNT_ID)
    assert answer.headers["Cache-Control"] == "no-cache, no-store"


def test_an_answer_that_is_kept_holds_no_session_token(app: Flask) -> None:
    for max_age in (None, 600):
        path = f"/session/{max_age}"
        view = static_macro(max_age=max_age)(lambda: session_token())
        app.add_url_rule(path, path, view)
    client = app.test_client()
    assert ask(client, "/session/None").status_code == 200
    with pytest.raises(RuntimeError, match="kept for others, too"):
        ask(client, "/session/600")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_the_host_is_answered(client: FlaskClient, method: str) -> None:
    assert ask(client, "/quote", method).status_code == 200
    for token in (host_token(method, "/text"), context_token(), "canary"):
        answer = client.open("/quote", method=method, headers=authorization(token))
        assert answer.status_code == 401
        assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert client.open("/quote", method=method).status_code == 401


def test_a_template_that_is_not_escaped_is_refused(app: Flask) -> None:
    app.jinja_loader = DictLoader(TEMPLATES)
    with app.test_request_context():
        assert render_storage("quote.html", text="<") == "<p>&lt;</p>"
        with pytest.raises(ValueError, match="name it quote.storage.xml"):
            render_storage("quote.storage", text="<")
        assert current_app.select_jinja_autoescape("quote.storage.xml")


@pytest.mark.parametrize("max_age", [0, True, 31_536_001])
def test_a_macro_is_kept_a_second_to_a_year(max_age: Any) -> None:
    static_macro(max_age=31_536_000)
    with pytest.raises(ValueError, match="max_age is not 1 to 31536000"):
        static_macro(max_age=max_age)


def test_it_is_bound_to_its_url() -> None:
    view = static_macro()(lambda: "")
    assert policy_of(view) is Policy.URL_BOUND
    with pytest.raises(TypeError, match="already declares a policy: URL-bound"):
        static_macro()(view)
