"""The scopes that a descriptor declares, and which of them imply which.

https://developer.atlassian.com/cloud/confluence/scopes/
"""

from collections.abc import Iterable

_HIERARCHY = ("NONE", "READ", "WRITE", "DELETE", "SPACE_ADMIN", "ADMIN")
"""Each of these implies all before it."""

_STANDALONE = ("PROJECT_ADMIN", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES")
"""These imply nothing of the above (PROJECT_ADMIN is Jira's)."""

KNOWN_SCOPES = frozenset(_HIERARCHY + _STANDALONE)


def effective_scopes(declared: Iterable[str]) -> frozenset[str]:
    """Return every scope that the declared ones grant, in upper case.

    A scope may be declared in any case; NONE is always granted.
    """
    granted = {"NONE"}
    for scope in (name.upper() for name in declared):
        granted.add(scope)
        if scope in _HIERARCHY:
            granted.update(_HIERARCHY[: _HIERARCHY.index(scope)])
    return frozenset(granted)
