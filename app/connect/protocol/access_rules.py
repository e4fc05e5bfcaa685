"""App access rules: which calls an administrator's rule can block.

A rule blocks an app from content in some spaces, or in all; the spaces themselves stay
open to it.
https://developer.atlassian.com/cloud/confluence/data-security-policy-developer-guide/
"""

from typing import Final, Literal, cast

from .operations import CONFLUENCE, find_operation

BLOCKED: Final = "blocked"
EXEMPT: Final = "exempt"
AccessRule = Literal["blocked", "exempt"]

POLICY_EVENTS: Final = frozenset(
    {
        "app_policy_changed",
        "app_access_to_objects_blocked",
        "app_access_to_objects_in_container_blocked",
    }
)
"""The webhooks that tell an app it lost access; no webhook says it regained it."""


def access_rule(
    method: str, path: str, *, product: str = CONFLUENCE
) -> AccessRule | None:
    """Return whether a rule can block a call; None if that is not documented.

    *path* is an absolute URL, or relative to the tenant's base URL, of version 1 or
    2. ``exempt`` calls still work where a rule blocks the app.
    """
    operation = find_operation(method, path, product=product)
    if operation is None or operation.access_rule not in (BLOCKED, EXEMPT):
        return None
    return cast(AccessRule, operation.access_rule)
