"""Defects of earlier versions of this framework, tried here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask import Flask

from app.connect import check, current_account_id, jwt_required
from app.connect.errors import ConfigurationError
from app.connect.tenants.models import Tenant
from tests.signing import ACCOUNT_ID, authorization, host_token


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
