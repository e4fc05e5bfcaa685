"""JSON with the values of the proxies."""

from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from flask import Flask, jsonify, request
from werkzeug.local import LocalProxy

from app.connect import (
    current_account_id,
    current_context,
    current_tenant,
    jwt_required,
    public,
)
from tests import signing

VALUES = [None, "a", 1, True, 1.5, [1, "a"], {"a": {"b": None}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
def test_a_proxy_is_what_it_stands_for(app: Flask, value: Any, debug: bool) -> None:
    proxy: Any = LocalProxy(lambda: value)
    app.debug = debug
    with app.test_request_context():
        assert jsonify(proxy).get_json() == value
        named = jsonify(x=proxy, y=[proxy, (proxy,)], z={"z": proxy})
    assert named.get_json() == {"x": value, "y": [value, [value]], "z": {"z": value}}


def test_a_proxy_of_a_proxy_is_seen_through(app: Flask) -> None:
    proxy: Any = LocalProxy(lambda: LocalProxy(lambda: "a"))
    assert app.json.dumps({"x": proxy}) == '{"x": "a"}'


def test_all_else_is_left_to_flask(app: Flask) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert app.json.dumps(moment) == '"Fri, 02 Jan 2026 03:04:05 GMT"'
    with pytest.raises(TypeError, match="not JSON serializable"):
        app.json.dumps(object())
    with pytest.raises(TypeError, match="not JSON serializable"):
        app.json.dumps(LocalProxy(object))


def test_a_view_may_answer_with_what_is_current(app: Flask) -> None:
    user = {"tenant": current_tenant, "accountId": current_account_id}
    view = jwt_required(lambda: jsonify(user, current_context))
    app.add_url_rule("/current", "current", view)
    client = app.test_client()
    with responses.RequestsMock() as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        headers = signing.authorization(signing.install_token())
        installed = client.post("/installed", json=signing.payload(), headers=headers)
    assert installed.status_code == 204

    token = signing.host_token(url="/current", context={"a": [1]})
    answer = client.get("/current", headers=signing.authorization(token))
    named, context = answer.get_json()
    assert named["tenant"]["client_key"] == signing.CLIENT_KEY
    assert named["accountId"] == signing.ACCOUNT_ID
    assert context == {"a": [1]}
    assert signing.SECRET not in answer.text

    token = signing.host_token(url="/current", sub=signing.MISSING)
    answer = client.get("/current", headers=signing.authorization(token))
    named, context = answer.get_json()
    assert named["accountId"] is None
    assert context == {}


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[", "9" * 5_000])
def test_json_that_can_not_be_read_is_a_bad_request(app: Flask, text: str) -> None:
    @app.post("/own")
    @public
    def own() -> Any:
        return jsonify(request.get_json())

    client = app.test_client()
    assert client.post("/own", json={"a": 1}).json == {"a": 1}
    answer = client.post("/own", data=text, content_type="application/json")
    assert answer.status_code == 400
