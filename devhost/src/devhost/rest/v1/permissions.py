"""Permission checks: whether a user or group is allowed an operation on a content.

``POST /rest/api/content/{id}/permission/check``, which Atlassian's own middleware calls
before it shows an app's page about a content.
"""

from typing import Any

from flask import Blueprint

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.permitted_operations import CONTENT_ROLES
from devhost.rest.reading import json_object, required_text
from devhost.rest.v1.contents import found
from devhost.rest.viewer import app_account_id, wiki
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.site.users import ANONYMOUS, find_user
from devhost.wiki.access import Viewer


def add_routes(blueprint: Blueprint) -> None:
    """Add the permission check."""
    operation = "POST /rest/api/content/{id}/permission/check"
    add_operation(blueprint, operation, check_permission)


def check_permission(id: str) -> dict[str, Any]:
    """Return whether a user or a group is allowed an operation on a content."""
    content = found(id)
    body = json_object()
    operation = required_text(body, "operation")
    if operation not in CONTENT_ROLES:
        raise RestError(400, f"There is no operation {operation}")
    kind = required_text(body, "subject.type")
    subject = _subject(kind, required_text(body, "subject.identifier"))
    may = subject.may(CONTENT_ROLES[operation], content.space)
    return {"hasPermission": may, "errors": []}


def _subject(kind: str, identifier: str) -> Viewer:
    if kind == "group":
        names = {each.name: each.id for each in wiki.groups.all()}
        return wiki.group_viewer(wiki.groups.get(id=names.get(identifier, identifier)))
    if kind != "user":
        raise RestError(400, "subject.type must be one of user, group")
    # Assumed: an empty identifier stands for anonymous visitors.
    user = find_user(identifier) if identifier else ANONYMOUS
    if user is not None:
        return wiki.viewer(user)
    for app in current_site().get(Installations).all():
        if app_account_id(app) == identifier:
            return wiki.app_viewer(identifier)
    raise RestError(404, f"No user found with account id: {identifier}")
