"""Start-up check of an app's routes against its descriptor.

A module URL that nothing serves, or that the wrong policy guards, should be found
before the first customer runs into it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ..inbound.policies import Policy, find_cover, policy_of
from ..permissions import restrictions_of
from ..tenants.state import get_state
from .lint import is_external_link, iterate_conditions, iterate_modules

_OF_A_USER = (Policy.URL_BOUND, Policy.CONTEXT, Policy.SESSION)
_VARIABLE = re.compile(r"\{[^{}]*\}")
# Modules whose URL is not a page of the app.
_NOT_OURS = frozenset({"confluenceContentProperties", "keyboardShortcuts"})
_MIGRATION = "migrationWebhookPath"


def find_undeclared_routes(app: Flask) -> Iterator[str]:
    """Yield each route whose view declares no policy, as text for the author."""
    for rule in app.url_map.iter_rules():
        if policy_of(app.view_functions.get(rule.endpoint)) is None:
            yield (
                f"the route {rule.rule} declares no policy: decorate its view with "
                "jwt_required, context_jwt_required, session_token_required or public, "
                "below the route"
            )


def find_covered_checks(app: Flask) -> Iterator[str]:
    """Yield each decorator that could answer before a policy or check is asked."""
    for rule in app.url_map.iter_rules():
        cover = find_cover(app.view_functions.get(rule.endpoint))
        if cover is not None:
            yield (
                f"the route {rule.rule} has {_place_of(cover)} above its policy or a "
                "check, and could answer without it: put that decorator below. A cache "
                "there needs the tenant and the user in its key"
            )


def _place_of(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    if code is None:
        return f"a {type(function).__name__}"
    return f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})"


def find_misplaced_checks(app: Flask) -> Iterator[str]:
    """Yield each permission check that lacks a user, an id or a scope."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        restrictions = restrictions_of(view)
        policy = policy_of(view)
        if restrictions and policy is not None and policy not in _OF_A_USER:
            yield (
                f"the route {rule.rule} checks its user's permissions, and its policy "
                f"{policy} knows no user: use jwt_required, "
                "context_jwt_required or session_token_required"
            )
        for restriction in restrictions:
            argument = restriction.argument
            if argument is not None and argument not in rule.arguments:
                yield (
                    f"the route {rule.rule} has no <{argument}>, which "
                    "permission_required takes the id from"
                )
        if restrictions and "READ" not in get_state(app).scopes:
            yield (
                f"the route {rule.rule} checks its user's permissions, which needs the "
                "scope READ: add it to scopes in atlassian-connect.json"
            )


def find_unserved_modules(app: Flask, descriptor: dict[str, Any]) -> Iterator[str]:
    """Yield each module URL that is not served, or is served under a wrong policy."""
    for path, kind, module in iterate_modules(descriptor):
        for name, method, url in _urls_of(kind, module):
            cacheable = name == "url" and module.get("cacheable") is True
            expected = Policy.CACHEABLE if cacheable else Policy.URL_BOUND
            yield from _unserved(app, f"{path}.{name}", method, url, expected)
    migration = descriptor.get("cloudAppMigration")
    if isinstance(migration, dict) and isinstance(migration.get(_MIGRATION), str):
        path, url = f"$.cloudAppMigration.{_MIGRATION}", migration[_MIGRATION]
        yield from _unserved(app, path, "POST", url, Policy.URL_BOUND)


def _unserved(
    app: Flask, path: str, method: str, url: str, expected: Policy
) -> Iterator[str]:
    found = policy_at(app, method, url)
    if found is None:
        yield f"{path} is not served by the app: add a route for it"
    elif found is not expected:
        yield (
            f"{path} is guarded by the policy {found}: "
            f"its view must have the policy {expected}"
        )


def _urls_of(kind: str, module: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the JSON path, the method and the text of each URL of a module."""
    url, migration = module.get("url"), module.get(_MIGRATION)
    if isinstance(url, str) and kind not in _NOT_OURS:
        elsewhere = is_external_link(kind, url) or module.get("context") == "product"
        if not elsewhere:
            yield "url", _method_of(kind, module), url
    if isinstance(migration, str) and kind == "cloudAppMigration":
        yield _MIGRATION, "POST", migration
    for place, name in iterate_conditions("conditions", module.get("conditions")):
        if name.startswith("/"):
            yield f"{place}.condition", "GET", name


def _method_of(kind: str, module: dict[str, Any]) -> str:
    method = str(module.get("renderingMethod", "GET")).upper()
    return "POST" if kind == "webhooks" or method == "POST" else "GET"


def route_of(app: Flask, method: str, url: str) -> tuple[str, dict[str, Any]] | None:
    """Return the endpoint that serves *url*, and its values; None if nothing does."""
    routes = app.url_map.bind("localhost")
    # A variable stands for text or, if the route requires it, for a number.
    for value in ("x", "1"):
        path = _VARIABLE.sub(value, url.partition("?")[0])
        try:
            endpoint, values = routes.match(path, method=method)
        except (HTTPException, RequestRedirect):
            continue
        return endpoint, dict(values)
    return None


def policy_at(app: Flask, method: str, url: str) -> Policy | None:
    """Return the policy of the view that serves *url*; None if it has no policy."""
    route = route_of(app, method, url)
    return policy_of(app.view_functions[route[0]]) if route else None
