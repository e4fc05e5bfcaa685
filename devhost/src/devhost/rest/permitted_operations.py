"""Permitted operations on a content or a space, by Confluence's names."""

from devhost.wiki.access import Role, Viewer
from devhost.wiki.records import CUSTOM, Content, Space

# https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-permissions/
CONTENT_ROLES = {
    "read": Role.READ,
    "export": Role.READ,
    "create": Role.WRITE,
    "update": Role.WRITE,
    "delete": Role.WRITE,
    "copy": Role.WRITE,
    "move": Role.WRITE,
    "restore": Role.WRITE,
    "purge": Role.ADMINISTER,
    "purge_version": Role.ADMINISTER,
    "administer": Role.ADMINISTER,
}
LISTED = {
    "page": ("read", "update", "delete", "copy", "move", "export", "purge"),
    "blogpost": ("read", "update", "delete", "export", "purge"),
    "comment": ("read", "update", "delete"),
    "attachment": ("read", "update", "delete", "purge"),
    CUSTOM: ("read", "update", "delete", "purge"),
}
CREATED_IN_SPACE = ("page", "blogpost", "comment", "attachment")

Operations = list[dict[str, str]]


def content_operations(viewer: Viewer, content: Content) -> Operations:
    """Return what the viewer is allowed to do with a content."""
    return [
        {"operation": name, "targetType": content.type}
        for name in LISTED[content.kind]
        if viewer.may(CONTENT_ROLES[name], content.space)
    ]


def space_operations(viewer: Viewer, space: Space) -> Operations:
    """Return what the viewer is allowed to do in a space."""
    operations = [("read", "space", Role.READ)]
    operations += [("create", kind, Role.WRITE) for kind in CREATED_IN_SPACE]
    operations += [
        (name, "space", Role.ADMINISTER) for name in ("update", "administer")
    ]
    return [
        {"operation": name, "targetType": kind}
        for name, kind, role in operations
        if viewer.may(role, space)
    ]
