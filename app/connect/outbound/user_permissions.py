"""User permissions: questions to a host about what one of its users may do.

The app asks as itself, since it may ask about any user. Only an answer with status 200
and the documented form says yes; other answers are errors, not a no.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import HostResponseError
from .host_response import read_json_of_200
from .service import TenantService

_CHECK = "/rest/api/3/permissions/check"


def administers_confluence(service: TenantService, account_id: str) -> bool:
    """Return whether a user administers the Confluence site.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-users/

    :raises HostError: if the host can't say.
    """
    params = {"accountId": account_id, "expand": "operations"}
    user = read_json_of_200(service.request("GET", "/rest/api/user", params=params))
    return any(
        isinstance(operation, dict)
        and operation.get("operation") == "administer"
        and operation.get("targetType") == "application"
        for operation in _list(user, "operations")
    )


def may_content(
    service: TenantService, account_id: str, *, operation: str, content_id: str
) -> bool:
    """Return whether a user may ``read``, ``update`` or ``delete`` a content.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-permissions/

    :raises HostError: if the host can't say.
    """
    try:
        response = service.request(
            "POST",
            f"/rest/api/content/{content_id}/permission/check",
            json={
                "subject": {"type": "user", "identifier": account_id},
                "operation": operation,
            },
            headers={"X-Atlassian-Token": "no-check"},
            # The call changes nothing, so it can be repeated.
            retry=True,
        )
    except HostResponseError as error:
        # The content does not exist, or the app itself can't see it.
        if error.status_code in (403, 404):
            return False
        raise
    body = read_json_of_200(response)
    return isinstance(body, dict) and body.get("hasPermission") is True


def administers_jira(service: TenantService, account_id: str) -> bool:
    """Return whether a user has Jira's global permission ``ADMINISTER``.

    :raises HostError: if the host can't say.
    """
    answer = _ask_jira(service, account_id, globalPermissions=["ADMINISTER"])
    return "ADMINISTER" in _list(answer, "globalPermissions")


def has_jira_permission(
    service: TenantService,
    account_id: str,
    *,
    permission: str,
    on: Mapping[str, list[int]],
) -> bool:
    """Return whether a user has a project permission such as ``EDIT_ISSUES``.

    *on* is ``{"issues": [id]}`` or ``{"projects": [id]}``.

    :raises HostError: if the host can't say.
    """
    asked = {"permissions": [permission], **on}
    answer = _ask_jira(service, account_id, projectPermissions=[asked])
    return any(
        isinstance(granted, dict)
        and granted.get("permission") == permission
        and all(_list(granted, kind) == ids for kind, ids in on.items())
        for granted in _list(answer, "projectPermissions")
    )


def _ask_jira(service: TenantService, account_id: str, **asked: Any) -> Any:
    """Ask for the permissions of a user in bulk: the call for apps, about any user.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/
    """
    body = {"accountId": account_id, **asked}
    return read_json_of_200(service.request("POST", _CHECK, json=body, retry=True))


def _list(body: Any, name: str) -> list[Any]:
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, list) else []
