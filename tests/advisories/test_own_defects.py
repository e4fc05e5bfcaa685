"""Defects of earlier versions of this framework, tried here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from werkzeug.formparser import FormDataParser

from app.connect import (
    acting_for,
    check,
    current_account_id,
    jwt_required,
    session_token,
    session_token_required,
)
from app.connect.errors import ConfigurationError
from app.connect.tenants.models import Tenant
from tests.signing import ACCOUNT_ID, BASE_URL, authorization, host_token


def cached(view: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the first answer, as caches do that make a view faster."""
    kept: list[Any] = []

    @wraps(view)
    def answer(**values: Any) -> Any:
        if not kept:
            kept.append(view(**values))
        return kept[0]

    return answer


def test_a_cache_above_the_policy_stops_the_start(app: Flask, tenant: Tenant) -> None:
    """It answered anyone with what it kept, and the start-up check saw a policy."""

    @app.get("/mine")
    @cached
    @jwt_required
    def mine() -> str:
        return str(current_account_id)

    client = app.test_client()
    headers = authorization(host_token(url="/mine"))
    assert client.get("/mine", headers=headers).text == ACCOUNT_ID
    assert client.get("/mine").text == ACCOUNT_ID
    with pytest.raises(ConfigurationError, match="/mine has .*cached.* above"):
        check(app)


def test_a_session_token_is_not_made_for_whom_a_view_acts_for(
    app: Flask, tenant: Tenant
) -> None:
    """The first token of a request was kept, and the page then got another user's."""

    @app.get("/mine")
    @jwt_required
    def mine() -> str:
        with acting_for(tenant, "admin"), pytest.raises(RuntimeError):
            session_token()
        return session_token()

    @app.get("/next")
    @session_token_required
    def following() -> str:
        return str(current_account_id)

    client = app.test_client()
    page = client.get("/mine", headers=authorization(host_token(url="/mine")))
    answer = client.get("/next", query_string={"session_token": page.text})
    assert answer.text == ACCOUNT_ID


@pytest.mark.parametrize("size", [10, 1024 * 1024])
def test_a_strangers_form_is_not_parsed(
    app: Flask, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To parse 1 MiB of fields took 430 ms, before any token was looked at."""

    @app.post("/save")
    @session_token_required
    def save() -> str:
        raise AssertionError

    monkeypatch.setattr(FormDataParser, "__init__", None)
    answer = app.test_client().post(
        "/save",
        data=b"a&" * (size // 2),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == (401 if size == 10 else 413)


def test_a_redirect_takes_no_token_to_another_host(app: Flask) -> None:
    """It went to the host that the request named, before any policy was asked."""
    app.add_url_rule("/wizard/", "wizard", session_token_required(lambda: ""))
    answer = app.test_client().get(
        "/wizard?session_token=t", base_url="http://evil.com"
    )
    assert answer.location == f"{BASE_URL}/wizard/?session_token=t"
