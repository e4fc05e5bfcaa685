"""The registry of REST operations by method and path."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request

from devhost.site import CONTEXT_PATH
from devhost.site.current import current_target

PARAMETER = re.compile(r"\{([\w-]+)\}")
RULE_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NOT_HERE = "not_here"


@dataclass(frozen=True)
class Operation:
    """A method and a path below ``/wiki``, such as ``/rest/api/content/{id}``.

    The parameters have the names of Atlassian's documentation. An operation that is not
    in the local Confluence has the path of the request itself, and ``is_here`` False.
    """

    method: str
    path: str
    is_here: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def add_operation(
    blueprint: Blueprint, operation: str, view: Callable[..., Any]
) -> None:
    """Serve an operation, given as ``GET /rest/api/content/{id}``, by *view*.

    Its parameters are passed as they were sent, undecoded.
    """
    method, path = operation.split(" ")
    rule = PARAMETER.sub(lambda found: f"<{found[1].replace('-', '_')}>", path)
    blueprint.add_url_rule(rule, endpoint=operation, view_func=view, methods=[method])


def current_operation() -> Operation:
    """Return the operation of this request."""
    # HEAD is a GET without the body.
    method = "GET" if request.method == "HEAD" else request.method
    endpoint = (request.endpoint or "").partition(".")[2]
    if " " in endpoint:
        return Operation(method, endpoint.partition(" ")[2])
    if endpoint == NOT_HERE or request.url_rule is None:
        path = current_target().partition("?")[0].removeprefix(CONTEXT_PATH)
        return Operation(method, path, is_here=False)
    rule = request.url_rule.rule.removeprefix(CONTEXT_PATH)
    return Operation(method, RULE_PARAMETER.sub(r"{\1}", rule))
