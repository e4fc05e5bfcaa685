"""Helpers that start a session on a page of the app, and follow its links."""

from typing import Any

from flask.testing import FlaskClient

from tests import signing

HERE = {"confluence": {"content": {"id": "98421"}}}


def started(pages: FlaskClient, **claims: Any) -> str:
    token = signing.host_token("GET", "/start", **{"context": HERE, **claims})
    answer = pages.get("/start", headers=signing.authorization(token))
    assert answer.status_code == 200
    return answer.text


def follow(pages: FlaskClient, token: str) -> int:
    headers = {"Authorization": f"Session {token}"}
    return pages.get("/next", headers=headers).status_code
