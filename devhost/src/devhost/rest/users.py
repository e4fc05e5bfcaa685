"""People: ``/rest/api/user`` and ``/rest/api/user/current``."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.rest.caller import caller
from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.people import of_user, person
from devhost.rest.reading import values
from devhost.rest.v1.paging import whole_list
from devhost.rest.viewer import app_account_id
from devhost.site.users import ANONYMOUS, User, find_user


def add_routes(blueprint: Blueprint) -> None:
    """Add the user resources."""
    for operation, view in (
        ("GET /rest/api/user", get_user),
        ("GET /rest/api/user/current", get_current_user),
        ("GET /rest/api/user/anonymous", get_anonymous_user),
        ("GET /rest/api/user/bulk", get_users),
    ):
        add_operation(blueprint, operation, view)


def get_user() -> Response:
    """Return a person by account id."""
    account_id = request.args.get("accountId", "")
    user = find_user(account_id)
    if user is not None:
        return jsonify(_representation(user))
    if account_id == app_account_id(caller.app):
        return jsonify(person(account_id))
    raise RestError(404, f"No user found with account id: {account_id}")


def get_current_user() -> Response:
    """Return the person at the page, or the app's own user."""
    if caller.user is None:
        return jsonify(person(app_account_id(caller.app)))
    return jsonify(_representation(caller.user))


def get_anonymous_user() -> Response:
    """Return the representation of anonymous visitors."""
    return jsonify(_representation(ANONYMOUS))


def get_users() -> Response:
    """Return several people by account ids, without unknown ones."""
    known = [user for user in map(find_user, values("accountId")) if user]
    return jsonify(whole_list(known, _representation, default=200))


def _representation(user: User) -> dict[str, Any]:
    answer = of_user(user)
    if "operations" in request.args.get("expand", "").split(","):
        answer["operations"] = _operations(user)
    else:
        answer["_expandable"] = {"operations": ""}
    return answer


def _operations(user: User) -> list[dict[str, str]]:
    names = ["administer", "use"] if user.is_administrator else ["use"]
    if user == ANONYMOUS:
        names = []
    return [{"operation": name, "targetType": "application"} for name in names]
