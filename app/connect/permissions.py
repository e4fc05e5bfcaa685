"""Permissions: decorators that ask the host what the verified user is allowed to do.

They go below the policy of a view, which identifies the user. They fail closed: an
anonymous user and one whom the host does not know are refused, and so is everybody
while the host can't be asked.
"""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import Flask, current_app

from .db.expiring_cache import ExpiringCache
from .errors import (
    HostError,
    HostResponseError,
    PermissionDeniedError,
    PermissionUnknownError,
)
from .inbound.policies import layer, policy_of
from .outbound.host_response import read_json
from .outbound.service import current_service
from .tenants.current import get_verified_request

OPERATIONS: Final = ("read", "update", "delete")

_CONTENT_ID = re.compile(r"[0-9]{1,20}")
_RESTRICTIONS = "connect_restrictions"
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a view requires; *argument* names the view argument with the content id."""

    needed: str
    argument: str | None = None


Permissions = ExpiringCache[Hashable, bool]
"""The cache of the hosts' answers; one per app and worker."""


def init_app(app: Flask) -> None:
    """Add the cache of answers to *app*. Reads CONNECT_PERMISSION_CACHE_SECONDS."""
    seconds = app.config["CONNECT_PERMISSION_CACHE_SECONDS"]
    app.extensions["connect.permissions"] = Permissions(seconds)


def admin_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer 403 unless the verified user administers the site.

    Goes below the policy, such as ``jwt_required``. While the host can't be
    asked, the answer is 503.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-users/
    """

    def check(arguments: dict[str, Any]) -> None:
        _check("administrator", "", _administers)

    return _restrict(view, Restriction("administrator"), check)


def permission_required(
    *, content: str, of: str | None = None
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Answer 403 unless the verified user may read, update or delete a content.

    *content* is the operation: ``read``, ``update`` or ``delete``. The content's id is
    the view's argument *of*, or comes from the token's context if *of* is not given.
    Goes below the policy, such as ``jwt_required``. While the host can't be asked,
    the answer is 503.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-permissions/

    :raises ValueError: if *content* is not one of these.
    """
    if content not in OPERATIONS:
        raise ValueError(f"content is one of {', '.join(OPERATIONS)}")

    def check(arguments: dict[str, Any]) -> None:
        found = arguments[of] if of is not None else _content_of_context()
        content_id = str(found)
        # It becomes part of a path, where "1/../2" would name another content.
        if isinstance(found, bool) or not _CONTENT_ID.fullmatch(content_id):
            raise PermissionDeniedError(content, "there is no content id")
        _check(content, content_id, lambda account: _may(account, content, content_id))

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        return _restrict(view, Restriction(content, of), check)

    return decorate


def restrictions_of(view: Callable[..., Any] | None) -> tuple[Restriction, ...]:
    """Return the permissions that a view requires."""
    return getattr(view, _RESTRICTIONS, ())


def _restrict(
    view: Callable[_P, _R],
    restriction: Restriction,
    check: Callable[[dict[str, Any]], None],
) -> Callable[_P, _R]:
    if policy_of(view) is not None:
        raise TypeError(
            f"{view!r} has its policy {policy_of(view)} below a check of "
            "permissions: the policy stands above, so that the user is known"
        )

    @wraps(view)
    def restricted(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        check(kwargs)
        answer: _R = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    # The outermost is checked first.
    restricted.__dict__[_RESTRICTIONS] = (restriction, *restrictions_of(view))
    return layer(restricted)


def _check(needed: str, content_id: str, ask: Callable[[str], bool]) -> None:
    verified = get_verified_request()
    account_id, tenant = verified.account_id, verified.tenant
    if not account_id:
        raise PermissionDeniedError(needed, "the user is anonymous")
    cache: Permissions = current_app.extensions["connect.permissions"]
    key = (tenant.client_key, tenant.installed_at, account_id, needed, content_id)
    answer = cache.get(key)
    if answer is None:
        try:
            answer = ask(account_id)
        except HostError as error:
            raise PermissionUnknownError(str(error)) from None
        cache.put(key, answer)
    if not answer:
        raise PermissionDeniedError(needed, "the host says no")


def _administers(account_id: str) -> bool:
    params = {"accountId": account_id, "expand": "operations"}
    user = current_service.get_json("/rest/api/user", params=params)
    operations = user.get("operations") if isinstance(user, dict) else None
    return isinstance(operations, list) and any(
        isinstance(operation, dict)
        and operation.get("operation") == "administer"
        and operation.get("targetType") == "application"
        for operation in operations
    )


def _may(account_id: str, operation: str, content_id: str) -> bool:
    try:
        response = current_service.request(
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
    body = read_json(response)
    return isinstance(body, dict) and body.get("hasPermission") is True


def _content_of_context() -> Any:
    """Return the content id in the token's context; None if the context lacks it."""
    found: Any = get_verified_request().context
    for name in ("confluence", "content", "id"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
