"""Custom content in version 1: creating and updating contents of apps' own types.

https://developer.atlassian.com/cloud/confluence/custom-content-with-confluence-connect/
"""

from devhost.rest.errors import RestError
from devhost.rest.reading import (
    JSON,
    member,
    not_here,
    required_number,
    required_text,
    text,
)
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.records import CUSTOM_PREFIX, RAW, Content

WRITTEN = ("storage", RAW)


def is_custom(kind: str) -> bool:
    """Whether a type is one that an app declares.

    :raises InvalidError: if it looks like such a type, but no enabled app declares it.
    """
    return kind.startswith(CUSTOM_PREFIX) and bool(wiki.custom.type_of(kind))


def _body(body: JSON) -> tuple[str, str] | None:
    """Return the representation and the value of ``body``, None if it is missing."""
    bodies = member(body, "body")
    if bodies is None:
        return None
    if not isinstance(bodies, dict) or len(bodies) != 1:
        raise RestError(400, "body must be an object with one representation")
    (name,) = bodies
    said = member(bodies, f"{name}.representation") or name
    if name not in WRITTEN or said != name:
        raise not_here(f"Writing body.{name} ({said})")
    return name, required_text(bodies, f"{name}.value")


def create(body: JSON) -> Content:
    """Create the content that a request describes, in ``container`` or ``space``."""
    container = None
    if member(body, "container.id") is not None:
        container = wiki.contents.get(viewer, required_text(body, "container.id"))
        space = container.space
    else:
        space = wiki.spaces.get(viewer, required_text(body, "space.key"))
    said, value = _body(body) or ("storage", "")
    new = NewContent(
        required_text(body, "type"),
        space,
        required_text(body, "title"),
        value,
        status=text(body, "status") or "current",
        container=container,
    )
    return wiki.custom.create(viewer, new, representation=said)


def update(content: Content, body: JSON) -> Content:
    """Create the new version that a request describes."""
    within = text(body, "container.id")
    if within not in {None, content.container_id, content.space.id}:
        raise not_here("Moving a content of an app's type to another container")
    given = _body(body)
    edit = Edit(
        required_number(body, "version.number"),
        title=text(body, "title"),
        body=given and given[1],
        status=text(body, "status"),
        message=text(body, "version.message") or "",
    )
    said = given[0] if given else ""
    return wiki.custom.update(viewer, content, edit, representation=said)
