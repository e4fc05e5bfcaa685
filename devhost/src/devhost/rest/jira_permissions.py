"""Jira's ``/rest/api/3/permissions/check`` and ``/rest/api/3/mypermissions``.

There are no projects and issues, so nobody has a permission on one. Administrators have
all global permissions, other people those of ``EVERYBODYS``.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/

Assumed: someone whom Jira does not know has no permission, and neither has the app
itself; an app's page (``AP.request``) and an impersonating app may ask about another
person only if the person at the page administers Jira.
"""

from collections.abc import Callable
from typing import Any, Never

from flask import Blueprint, Response, abort, jsonify

from devhost.rest.caller import caller
from devhost.rest.operations import add_operation
from devhost.rest.reading import JSON, json_object, text, values
from devhost.site.users import ANONYMOUS, User, find_user

ADMINISTER = "ADMINISTER"
EVERYBODYS = frozenset({"BULK_CHANGE", "CREATE_SHARED_OBJECTS", "USER_PICKER"})
GLOBAL = EVERYBODYS | {ADMINISTER, "MANAGE_GROUP_FILTER_SUBSCRIPTIONS"}
ON_PROJECTS = frozenset(
    {
        *("ADMINISTER_PROJECTS", "BROWSE_PROJECTS", "MANAGE_SPRINTS_PERMISSION"),
        *("SERVICEDESK_AGENT", "VIEW_DEV_TOOLS", "VIEW_READONLY_WORKFLOW"),
        *("ASSIGNABLE_USER", "ASSIGN_ISSUES", "CLOSE_ISSUES", "CREATE_ISSUES"),
        *("DELETE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES", "MODIFY_REPORTER"),
        *("MOVE_ISSUES", "RESOLVE_ISSUES", "SCHEDULE_ISSUES", "SET_ISSUE_SECURITY"),
        *("TRANSITION_ISSUES", "MANAGE_WATCHERS", "VIEW_VOTERS_AND_WATCHERS"),
        *("ADD_COMMENTS", "DELETE_ALL_COMMENTS", "DELETE_OWN_COMMENTS"),
        *("EDIT_ALL_COMMENTS", "EDIT_OWN_COMMENTS", "CREATE_ATTACHMENTS"),
        *("DELETE_ALL_ATTACHMENTS", "DELETE_OWN_ATTACHMENTS", "WORK_ON_ISSUES"),
        *("DELETE_ALL_WORKLOGS", "DELETE_OWN_WORKLOGS", "EDIT_ALL_WORKLOGS"),
        "EDIT_OWN_WORKLOGS",
    }
)


def add_routes(blueprint: Blueprint) -> None:
    """Add the two resources."""
    add_operation(blueprint, "POST /rest/api/3/permissions/check", check_permissions)
    add_operation(blueprint, "GET /rest/api/3/mypermissions", get_my_permissions)


def check_permissions() -> dict[str, Any]:
    """Return which of the named permissions a person has."""
    body = json_object()
    user = _user_in_question(text(body, "accountId"))
    asked = _texts(body, "globalPermissions")
    _check_names(asked, known=GLOBAL.__contains__)
    granted = []
    for entry in _list(body, "projectPermissions"):
        names = _texts(entry, "permissions") if isinstance(entry, dict) else []
        if not names:
            _refuse(400, "At least one project permission is required.")
        if unknown := [name for name in names if not _is_on_projects(name)]:
            _refuse(400, f"Unrecognized permission: {unknown[0]}")
        granted += [
            {"permission": each, "issues": [], "projects": []} for each in names
        ]
    return {
        "globalPermissions": [name for name in asked if _has(user, name)],
        "projectPermissions": granted,
    }


def get_my_permissions() -> dict[str, Any]:
    """Return which of the named permissions the caller has."""
    names = values("permissions")
    if not names:
        _refuse(400, "The permissions query parameter is required.")
    _check_names(names, known=lambda name: name in GLOBAL or _is_on_projects(name))
    return {"permissions": {name: _described(name) for name in names}}


def _described(name: str) -> dict[str, Any]:
    return {
        "id": str(sorted(GLOBAL | ON_PROJECTS | {name}).index(name)),
        "key": name,
        "name": name.replace("_", " ").capitalize(),
        "type": "GLOBAL" if name in GLOBAL else "PROJECT",
        "description": "",
        "havePermission": _has(caller.user, name),
    }


def _user_in_question(account_id: str | None) -> User | None:
    """Return the person that is asked about, None for somebody without permissions."""
    asking = caller.user
    if account_id is None:
        return asking
    if asking is not None and account_id != asking.account_id:
        if not asking.is_administrator:
            _refuse(403, "You may not ask for the permissions of other users.")
    return find_user(account_id)


def _has(user: User | None, name: str) -> bool:
    if user is None or user == ANONYMOUS:
        return False
    return name in (GLOBAL if user.is_administrator else EVERYBODYS)


def _check_names(names: list[str], *, known: Callable[[str], bool]) -> None:
    for name in names:
        if not known(name):
            _refuse(400, f"Unrecognized permission: {name}")


def _is_on_projects(name: str) -> bool:
    # An app's own permission is app-key__permission-key.
    return name in ON_PROJECTS or "__" in name


def _texts(body: JSON, name: str) -> list[str]:
    """Return the texts of an array, without null and empty ones, as Jira does."""
    found = [each for each in _list(body, name) if each not in (None, "")]
    if not all(isinstance(each, str) for each in found):
        _refuse(400, f"{name} must be an array of strings.")
    return found


def _list(body: JSON, name: str) -> list[Any]:
    found = body.get(name)
    if found is not None and not isinstance(found, list):
        _refuse(400, f"{name} must be an array.")
    return found or []


def _refuse(status: int, message: str) -> Never:
    """Answer in the form of Jira's own errors."""
    response: Response = jsonify(errorMessages=[message], errors={})
    response.status_code = status
    abort(response)
