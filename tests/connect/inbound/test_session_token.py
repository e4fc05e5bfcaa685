"""Session tokens: their scope, their lifetime, and other policies."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from app.connect import acting_for, session_token
from app.connect.inbound.session_token import LIFETIME, MAX_LENGTH
from app.connect.tenants.current import VerifiedRequest, set_verified_request
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.inbound.requests_with_tokens import lifecycle
from tests.connect.inbound.session_pages import HERE, follow, started

Open = Callable[..., TestResponse]


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(
            lambda pages, token: pages.get(
                "/next", query_string={"session_token": token}
            ),
            id="query",
        ),
        pytest.param(
            lambda pages, token: pages.post("/next", data={"session_token": token}),
            id="form",
        ),
        pytest.param(
            lambda pages, token: pages.post(
                "/next",
                data={"session_token": token},
                content_type="multipart/form-data",
            ),
            id="multipart form",
        ),
        pytest.param(
            lambda pages, token: pages.post(
                "/next", data={"a": "1", "session_token": token, "b": "&="}
            ),
            id="form with other fields",
        ),
        pytest.param(
            lambda pages, token: pages.post(
                "/next",
                data={"session_token": token, "file": (BytesIO(b"\0" * 100), "a.bin")},
            ),
            id="form with a file",
        ),
        pytest.param(
            lambda pages, token: pages.put(
                "/next", json={}, headers={"Authorization": f"session {token}"}
            ),
            id="header",
        ),
        pytest.param(
            lambda pages, token: pages.get(
                "/next",
                query_string={"session_token": token},
                headers={"Authorization": f"Session {token}"},
            ),
            id="twice the same",
        ),
    ],
)
def test_a_token_is_good_for_its_tenant_and_user(pages: FlaskClient, send: Any) -> None:
    token = started(pages)
    answer = send(pages, token)
    assert answer.json == {
        "tenant": signing.CLIENT_KEY,
        "user": signing.ACCOUNT_ID,
        "context": HERE,
        "service": signing.CLIENT_KEY,
        "token": token,
    }
    assert "frame-ancestors https://" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_a_token_of_an_anonymous_user_has_no_account_id(pages: FlaskClient) -> None:
    token = started(pages, sub=signing.MISSING)
    answer = pages.get("/next", query_string={"session_token": token})
    assert answer.json is not None and answer.json["user"] is None


def test_a_context_jwt_gets_a_token_too(pages: FlaskClient) -> None:
    headers = signing.authorization(signing.context_token())
    assert follow(pages, pages.get("/start/bridge", headers=headers).text) == 200


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda pages, token: pages.get("/next"), id="none"),
        pytest.param(
            lambda pages, token: pages.post(f"/next?session_token={token}"),
            id="query of a post",
        ),
        pytest.param(
            lambda pages, token: pages.post("/next", json={"session_token": token}),
            id="JSON",
        ),
        pytest.param(
            lambda pages, token: pages.post("/next", data={"xsession_token": token}),
            id="another field",
        ),
        pytest.param(
            lambda pages, token: pages.post(
                "/next", data={"session_token": [token, "x"]}
            ),
            id="two in a form",
        ),
        pytest.param(
            lambda pages, token: pages.get(
                "/next",
                query_string={"session_token": token},
                headers={"Authorization": "Session other"},
            ),
            id="contradicting",
        ),
        pytest.param(
            lambda pages, token: pages.get(
                f"/next?session_token={token}&session_token=x"
            ),
            id="two",
        ),
        *(
            pytest.param(
                lambda pages, token, scheme=scheme: pages.get(
                    "/next", headers={"Authorization": f"{scheme} {token}"}
                ),
                id=scheme,
            )
            for scheme in ("JWT", "Bearer", "")
        ),
    ],
)
def test_a_token_in_a_wrong_place_is_refused(pages: FlaskClient, send: Any) -> None:
    answer = send(pages, started(pages))
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert "WWW-Authenticate" in answer.headers


def dumped(app: Flask, claims: Any, *, key: str | None = None, salt: str) -> str:
    secret = key or app.config["SECRET_KEY"]
    return str(URLSafeTimedSerializer(secret, salt=salt).dumps(claims))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda token, app: token[:-1], id="cut"),
        pytest.param(lambda token, app: "x" + token, id="other payload"),
        pytest.param(lambda token, app: "", id="empty"),
        pytest.param(lambda token, app: "a.b.c", id="no token"),
        pytest.param(lambda token, app: "é.b.c", id="not ASCII"),
        pytest.param(lambda token, app: "a" * (MAX_LENGTH + 1), id="too long"),
        pytest.param(lambda token, app: dumped(app, [1], salt="x"), id="other salt"),
        pytest.param(
            lambda token, app: dumped(
                app, [1], key="canary", salt="connect.session-token"
            ),
            id="other key",
        ),
    ],
)
def test_what_the_app_has_not_signed_is_no_token(
    pages: FlaskClient, app: Flask, wrong: Any
) -> None:
    token = started(pages)
    assert follow(pages, token) == 200
    answer = pages.get("/next", query_string={"session_token": wrong(token, app)})
    assert answer.status_code == 401


def test_a_token_that_is_too_long_is_not_even_looked_at(
    pages: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = started(pages)
    for limit, status in ((len(token), 200), (len(token) - 1, 401)):
        monkeypatch.setitem(session_token.__globals__, "MAX_LENGTH", limit)
        assert follow(pages, token) == status


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [([], "no session token"), (["a", "b"], "contradicting session tokens")],
)
def test_the_log_says_what_was_wrong_with_the_tokens(
    pages: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    tokens: list[str],
    reason: str,
) -> None:
    pages.get("/next", query_string={"session_token": tokens})
    assert f": {reason}; " in caplog.messages[-1]


@pytest.mark.parametrize(("age", "status"), [(LIFETIME - 60, 200), (LIFETIME + 2, 401)])
def test_a_token_lives_for_15_minutes(
    pages: FlaskClient, monkeypatch: pytest.MonkeyPatch, age: int, status: int
) -> None:
    token, now = started(pages), time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + age)
    assert LIFETIME == 900
    assert follow(pages, token) == status


def test_other_policies_take_no_session_token(pages: FlaskClient) -> None:
    token = started(pages)
    for path in ("/start", "/start/bridge", "/overview", "/api/context", "/installed"):
        for scheme in ("JWT", "Session"):
            headers = {"Authorization": f"{scheme} {token}"}
            method = "POST" if path == "/installed" else "GET"
            answer = pages.open(path, method=method, headers=headers)
            assert answer.status_code == 401
        for name in ("jwt", "session_token"):
            answer = pages.open(path, method=method, query_string={name: token})
            assert answer.status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: signing.host_token("GET", "/next"), id="URL-bound"),
        pytest.param(signing.context_token, id="context"),
        pytest.param(lambda: signing.install_token("/next"), id="signed install"),
    ],
)
def test_a_session_takes_no_other_token(pages: FlaskClient, token: Any) -> None:
    assert follow(pages, token()) == 401
    for name in ("jwt", "session_token"):
        assert pages.get("/next", query_string={name: token()}).status_code == 401
    headers = signing.authorization(token())
    assert pages.get("/next", headers=headers).status_code == 401


def test_no_token_is_made_without_a_verified_request(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(RuntimeError, match="verified"):
        session_token()


@pytest.mark.parametrize("verified", [False, True])
def test_no_token_is_made_for_somebody_else(
    app: Flask, tenant: Tenant, verified: bool
) -> None:
    with app.test_request_context("/"):
        if verified:
            mine = VerifiedRequest(tenant, "mine", {}, signing.SECRET)
            set_verified_request(request, mine)
            token = session_token()
        with (
            acting_for(tenant, "theirs"),
            pytest.raises(RuntimeError, match="outside of acting_for"),
        ):
            session_token()
        if verified:
            assert session_token() == token


def test_an_older_key_of_flask_is_still_good(pages: FlaskClient, app: Flask) -> None:
    token = started(pages)
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "newer"
    assert follow(pages, token) == 200
    newer = started(pages)
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert (follow(pages, token), follow(pages, newer)) == (401, 200)


@pytest.mark.usefixtures("keys")
def test_a_token_holds_no_secret(
    pages: FlaskClient, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    token = started(pages)
    claims = URLSafeTimedSerializer("x").loads_unsafe(token)[1]
    assert signing.SECRET not in str(claims)
    assert lifecycle(pages, "uninstalled") == 204
    assert follow(pages, token) == 401
    assert token not in caplog.text
    assert f"client_key={signing.CLIENT_KEY!r}" in caplog.text
