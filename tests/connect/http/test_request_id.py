"""The id of each request."""

import re

import pytest
from flask.testing import FlaskClient

MADE = re.compile(r"[0-9a-f]{16}")


@pytest.mark.parametrize("sent", ["a", "f3-A_b.C", "x" * 64])
def test_the_id_of_a_proxy_is_kept(client: FlaskClient, sent: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": sent})
    assert answer.headers.getlist("X-Request-Id") == [sent]


@pytest.mark.parametrize(
    "sent", ["", "x" * 65, "a b", "a\tb", "a;b", "<b>", "é", 'a"b', "a,b"]
)
def test_another_one_is_replaced(client: FlaskClient, sent: str) -> None:
    [made] = client.get("/healthz", headers={"X-Request-Id": sent}).headers.getlist(
        "X-Request-Id"
    )
    assert MADE.fullmatch(made)


def test_each_request_has_its_own(client: FlaskClient) -> None:
    made = {client.get("/healthz").headers["X-Request-Id"] for _ in range(10)}
    assert len(made) == 10
    assert all(map(MADE.fullmatch, made))


@pytest.mark.parametrize("path", ["/nowhere", "/overview"])
def test_a_refusal_has_one_too(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (401, 404)
    assert MADE.fullmatch(answer.headers["X-Request-Id"])
