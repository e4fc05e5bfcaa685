"""Permissions: decorators that ask the host what the verified user is allowed to do.

They go below the policy of a view, which identifies the user. They fail closed: an
anonymous user and one whom the host does not know are refused, and so is everybody
while the host can't be asked.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import Flask, current_app

from .db.expiring_cache import ExpiringCache
from .errors import HostError, PermissionDeniedError, PermissionUnknownError
from .inbound.policies import layer, policy_of
from .outbound.service import TenantService, current_service
from .outbound.user_permissions import (
    administers_confluence,
    administers_jira,
    has_jira_permission,
    may_content,
)
from .protocol.operations import CONFLUENCE, JIRA
from .tenants.current import get_verified_request

OPERATIONS: Final = ("read", "update", "delete")

_ID = re.compile(r"[0-9]{1,20}")
# Jira's own, such as EDIT_ISSUES, and those of apps: app-key__permission-key.
_PERMISSION = re.compile(r"[A-Za-z0-9._-]{1,255}")
_RESTRICTIONS = "connect_restrictions"
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a view requires; *argument* names the view argument with the id."""

    needed: str
    argument: str | None = None


_Ask = Callable[[TenantService, str], bool]
"""Asks a host about the user with an account id."""

Permissions = ExpiringCache[Hashable, bool]
"""The cache of the hosts' answers; one per app and worker."""


def init_app(app: Flask) -> None:
    """Add the cache of answers to *app*. Reads CONNECT_PERMISSION_CACHE_SECONDS."""
    seconds = app.config["CONNECT_PERMISSION_CACHE_SECONDS"]
    app.extensions["connect.permissions"] = Permissions(seconds)


def admin_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer 403 unless the verified user administers the site.

    In Jira, that is the global permission to administer Jira. Goes below the policy,
    such as ``jwt_required``. While the host can't be asked, the answer is 503.
    """
    needed = "administrator"
    asks = {CONFLUENCE: administers_confluence, JIRA: administers_jira}

    def check(arguments: dict[str, Any]) -> None:
        _check(needed, "", asks)

    return _restrict(view, Restriction(needed), check)


def permission_required(
    *,
    content: str | None = None,
    issue: str | None = None,
    project: str | None = None,
    of: str | None = None,
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Answer 403 unless the verified user has a permission.

    It is one of these: *content* is ``read``, ``update`` or ``delete`` for a content
    of Confluence; *issue* and *project* are project permissions of Jira, such as
    ``EDIT_ISSUES``, for an issue or a project. Users of the other product are refused.

    The id is the view's argument *of*, or comes from the token's context if *of* is
    not given. Goes below the policy, such as ``jwt_required``. While the host can't be
    asked, the answer is 503.

    :raises ValueError: if none or several are given, or one that can't exist.
    """
    given = {"content": content, "issue": issue, "project": project}
    named = [(kind, needed) for kind, needed in given.items() if needed is not None]
    if len(named) != 1:
        raise ValueError("permission_required takes one of content, issue and project")
    [(kind, needed)] = named
    if kind == "content" and needed not in OPERATIONS:
        raise ValueError(f"content is one of {', '.join(OPERATIONS)}")
    if not _PERMISSION.fullmatch(needed):
        raise ValueError(f"{kind} is a permission's name, such as EDIT_ISSUES")

    def check(arguments: dict[str, Any]) -> None:
        found = arguments[of] if of is not None else _id_in_context(kind)
        id_ = str(found)
        # It becomes part of a path, where "1/../2" would name another content.
        if not _ID.fullmatch(id_):
            raise PermissionDeniedError(needed, f"there is no {kind} id")
        _check(needed, f"{kind} {id_}", _asks(kind, needed, id_))

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        return _restrict(view, Restriction(needed, of), check)

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


def _asks(kind: str, needed: str, id_: str) -> dict[str, _Ask]:
    if kind == "content":
        return {CONFLUENCE: partial(may_content, operation=needed, content_id=id_)}
    on = {f"{kind}s": [int(id_)]}
    return {JIRA: partial(has_jira_permission, permission=needed, on=on)}


def _check(needed: str, about: str, asks: Mapping[str, _Ask]) -> None:
    verified = get_verified_request()
    account_id, tenant = verified.account_id, verified.tenant
    if not account_id:
        raise PermissionDeniedError(needed, "the user is anonymous")
    ask = asks.get(tenant.product_type)
    if ask is None:
        raise PermissionDeniedError(needed, "the site's product has no such permission")
    cache: Permissions = current_app.extensions["connect.permissions"]
    key = (tenant.client_key, tenant.installed_at, account_id, needed, about)
    answer = cache.get(key)
    if answer is None:
        try:
            answer = ask(current_service, account_id)
        except HostError as error:
            raise PermissionUnknownError(str(error)) from None
        cache.put(key, answer)
    if not answer:
        raise PermissionDeniedError(needed, "the host says no")


def _id_in_context(kind: str) -> Any:
    """Return the id in the token's context; None if the context lacks it."""
    found: Any = get_verified_request().context
    product = CONFLUENCE if kind == "content" else JIRA
    for name in (product, kind, "id"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
