"""Scopes: what a descriptor's scopes grant, and which scopes a call needs.

https://developer.atlassian.com/cloud/confluence/scopes/
"""

from collections.abc import Iterable
from typing import Final

from .operations import CONFLUENCE, find_operation

INACCESSIBLE: Final = "INACCESSIBLE"
"""The scope of a call that no Connect app is allowed to make."""

_HIERARCHY = ("NONE", "READ", "WRITE", "DELETE", "SPACE_ADMIN", "ADMIN")
"""Each scope implies all those before it."""

_STANDALONE = ("PROJECT_ADMIN", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES")
"""These imply none of the above (PROJECT_ADMIN is Jira's)."""

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


def implied_by(scope: str) -> frozenset[str]:
    """Return the other scopes that a scope grants."""
    return effective_scopes([scope]) - {scope.upper()}


def smallest_scopes(needed: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest scopes that grant all of *needed*, without NONE."""
    wanted = {scope.upper() for scope in needed} - {"NONE"}
    implied = frozenset[str]().union(*map(implied_by, wanted))
    order = (*_HIERARCHY, *_STANDALONE)
    return tuple(scope for scope in order if scope in wanted - implied)


def required_scopes(
    method: str, path: str, *, product: str = CONFLUENCE
) -> frozenset[str] | None:
    """Return the scopes that a call needs; None if that is not documented.

    *path* is an absolute URL, or relative to the tenant's base URL, of version 1 or
    2: ``required_scopes("GET", "/wiki/api/v2/pages/1")`` is ``{"READ"}``. A call that
    every app can make needs NONE, and one that no Connect app can make needs
    INACCESSIBLE, which no descriptor can declare. For any *product* other than
    Confluence only Connect's own resources are known.
    """
    operation = find_operation(method, path, product=product)
    return None if operation is None else frozenset({operation.scope})
