"""Permission checks: declarations, and mistakes that stop the start."""

from typing import Any

import pytest
from flask import Flask, current_app

from app.connect import (
    admin_required,
    check,
    context_jwt_required,
    jwt_required,
    permission_required,
    public,
)
from app.connect.errors import ConfigurationError
from app.connect.inbound.policies import signed_install_required
from app.connect.permissions import restrictions_of


def view() -> str:
    return current_app.name


@pytest.mark.parametrize("policy", [jwt_required, context_jwt_required, public])
@pytest.mark.parametrize(
    "restrict", [admin_required, permission_required(content="read")]
)
def test_a_check_above_the_policy_stops_the_start(policy: Any, restrict: Any) -> None:
    with pytest.raises(TypeError, match="the policy stands above"):
        restrict(policy(lambda: ""))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        pytest.param(lambda view: view, "declares no policy", id="none"),
        pytest.param(public, "its policy public knows no user", id="public"),
        pytest.param(
            signed_install_required("x"), "signed install knows", id="install"
        ),
    ],
)
def test_a_check_without_a_user_stops_the_start(
    app: Flask, policy: Any, message: str
) -> None:
    app.add_url_rule("/x", "x", policy(admin_required(lambda: "")))
    with pytest.raises(ConfigurationError, match=message):
        check(app)


def test_a_check_of_an_argument_that_is_not_there_stops_the_start(app: Flask) -> None:
    restricted = permission_required(content="read", of="id")(lambda **_: "")
    app.add_url_rule("/x/<id>", "x", jwt_required(restricted))
    check(app)
    app.add_url_rule("/y/<page>", "x")
    with pytest.raises(ConfigurationError, match="/y/<page> has no <id>"):
        check(app)


def test_a_check_needs_the_scope_read(
    config: dict[str, Any], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = app.extensions["connect"]
    monkeypatch.setitem(app.extensions, "connect", _Without(state))
    with pytest.raises(ConfigurationError, match="/settings .* needs the scope READ"):
        check(app)


class _Without:
    def __init__(self, state: Any) -> None:
        self._state = state
        self.scopes = frozenset({"NONE"})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def test_permission_checks_can_be_combined() -> None:
    both = admin_required(permission_required(content="delete", of="id")(view))
    needed = [(one.needed, one.argument) for one in restrictions_of(jwt_required(both))]
    assert needed == [("administrator", None), ("delete", "id")]
    assert restrictions_of(None) == ()


def test_an_operation_is_one_that_the_host_knows() -> None:
    with pytest.raises(ValueError, match="read, update, delete"):
        permission_required(content="Read")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "one of content, issue and project"),
        ({"content": "read", "issue": "EDIT_ISSUES"}, "one of content, issue"),
        ({"issue": ""}, "issue is a permission's name"),
        ({"project": "Browse projects"}, "project is a permission's name"),
    ],
)
def test_a_permission_is_named_once_and_well(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        permission_required(**given)


def test_a_permission_of_jira_may_be_that_of_an_app() -> None:
    own = permission_required(project="com.example.app__approve", of="id")(view)
    [restriction] = restrictions_of(own)
    assert (restriction.needed, restriction.argument) == (
        "com.example.app__approve",
        "id",
    )
