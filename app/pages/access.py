"""Who may see the administrators' page: Confluence is asked, not the iframe URL."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort

from ..connect import current_account_id, current_service

_P = ParamSpec("_P")
_R = TypeVar("_R")


def administrator_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer 403 unless the verified user administers the site.

    Stands below ``jwt_required``. If Confluence can't be asked, nobody gets in.
    """

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not is_administrator():
            abort(403)
        return view(*args, **kwargs)

    return guarded


def is_administrator() -> bool:
    """Ask Confluence whether the user of this request administers the site.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-users/
    """
    if not current_account_id:
        return False
    user = current_service.get_json(
        "/rest/api/user",
        params={"accountId": str(current_account_id), "expand": "operations"},
    )
    operations = user.get("operations") if isinstance(user, dict) else None
    return isinstance(operations, list) and any(
        isinstance(operation, dict)
        and operation.get("operation") == "administer"
        and operation.get("targetType") == "application"
        for operation in operations
    )
