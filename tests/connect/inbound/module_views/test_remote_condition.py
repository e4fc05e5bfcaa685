"""Remote conditions: only True shows a module."""

import logging
from typing import Any

import pytest
from flask import Flask, abort, jsonify
from sqlalchemy.exc import OperationalError

from app.connect import current_account_id, remote_condition
from app.connect.inbound.policies import Policy, policy_of
from app.connect.tenants.models import Tenant
from tests.signing import ACCOUNT_ID, authorization, context_token, host_token

PATH = "/conditions/mine"


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with a condition whose answer a test sets."""

    @remote_condition
    def answer() -> Any:
        return app.extensions["test-view"]()

    app.add_url_rule(PATH, "mine", answer)
    return app


def answer_of(app: Flask, view: Any, token: str | None = None) -> Any:
    """Ask the condition, which *view* answers, as the host does."""
    app.extensions["test-view"] = view
    token = host_token("GET", PATH) if token is None else token
    return app.test_client().get(PATH, headers=authorization(token))


def failing(error: Exception) -> Any:
    def view() -> bool:
        raise error

    return view


def test_yes_shows_the_module(app: Flask, tenant: Tenant) -> None:
    answer = answer_of(app, lambda: str(current_account_id) == ACCOUNT_ID)
    assert answer.status_code == 200
    assert answer.json == {"shouldDisplay": True}
    assert answer.headers["Cache-Control"] == "no-cache, no-store"


@pytest.mark.parametrize("said", [False, None, 1, "false", "true", [True]])
def test_anything_but_true_hides_it(app: Flask, tenant: Tenant, said: Any) -> None:
    assert answer_of(app, lambda: said).json == {"shouldDisplay": False}


def test_an_answer_of_flasks_hides_it(app: Flask, tenant: Tenant) -> None:
    answer = answer_of(app, lambda: jsonify(shouldDisplay=True))
    assert answer.json == {"shouldDisplay": False}


@pytest.mark.parametrize(
    "error",
    [
        KeyError("canary"),
        OperationalError("canary", {}, Exception("canary")),
        ValueError("canary"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_hides_it_and_is_named(
    app: Flask, tenant: Tenant, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = answer_of(app, failing(error))
    assert (answer.status_code, answer.json) == (200, {"shouldDisplay": False})
    assert (
        f"the condition mine failed, and its module is hidden: {type(error).__name__}"
        in caplog.text
    )
    assert "canary" not in caplog.text


def test_abort_hides_it(app: Flask, tenant: Tenant) -> None:
    assert answer_of(app, lambda: abort(403)).json == {"shouldDisplay": False}


def test_the_log_shows_where_a_condition_failed(
    app: Flask, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    answer_of(app, failing(ValueError("canary")))
    assert "in view\n    raise error\nValueError\n" in caplog.text
    app.debug = True
    answer_of(app, failing(ValueError("canary")))
    assert "ValueError: canary" in caplog.text


@pytest.mark.parametrize(
    "token", [host_token("GET", "/conditions/yours"), context_token(), "canary"]
)
def test_only_the_host_is_answered(app: Flask, tenant: Tenant, token: str) -> None:
    assert answer_of(app, lambda: True, token).status_code == 401
    assert app.test_client().get(PATH).status_code == 401


def test_it_is_bound_to_its_url() -> None:
    view = remote_condition(lambda: True)
    assert policy_of(view) is Policy.URL_BOUND
    with pytest.raises(TypeError, match="already declares a policy: URL-bound"):
        remote_condition(view)  # type: ignore[arg-type]  # That is what is wrong.
