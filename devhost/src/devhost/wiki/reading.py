"""Reading for the pages of the wiki: spaces and contents for the current user.

Every list here is limited, so that a wiki of ten thousand pages is as fast as the
seeded one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from devhost.site import CONTEXT_PATH, Site
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer
from devhost.wiki.records import CUSTOM, Content, Space
from devhost.wiki.render import NOTHING, Surroundings, render
from devhost.wiki.storage_format import Macro

ShowMacro = Callable[[Macro], str | None]
RECENT = 12
LISTED = 50
SHOWN_TYPES = ("page", "blogpost")
PLACES = {"page": "pages", CUSTOM: "custom-content"}


def viewer_of(site: Site) -> Viewer:
    """Return the permissions of the site's current user."""
    return site.get(Wiki).viewer(site.user)


def spaces(site: Site) -> list[Space]:
    """Return the spaces that menus list, by name."""
    return site.get(Wiki).spaces.all(viewer_of(site), by_name=True)[:LISTED]


def find_space(site: Site, key: str) -> Space | None:
    """Return the space with this key, None if the user can see no such space."""
    return site.get(Wiki).spaces.find(viewer_of(site), key)


def find_content(site: Site, identifier: Any) -> Content | None:
    """Return the page or blog post with this id, None if the user cannot see it."""
    if not isinstance(identifier, str):
        return None
    found = site.get(Wiki).contents.find(viewer_of(site), identifier)
    return found if found and found.type in SHOWN_TYPES else None


def find_any(site: Site, identifier: Any) -> Content | None:
    """Return the page, blog post or content of an app's type with this id."""
    if not isinstance(identifier, str):
        return None
    found = site.get(Wiki).contents.find(viewer_of(site), identifier)
    return found if found and found.kind in {*SHOWN_TYPES, CUSTOM} else None


def address(content: Content) -> str:
    """Return the path of a page, a blog post or a content of an app's type.

    Assumed: the address of custom content; an app reads it from ``_links.webui``.
    """
    place = PLACES.get(content.kind, "blog")
    return f"{CONTEXT_PATH}/spaces/{content.space.key}/{place}/{content.id}"


def recent(site: Site) -> list[Content]:
    """Return the pages and blog posts that changed last."""
    contents, viewer = site.get(Wiki).contents, viewer_of(site)
    found = [
        each
        for kind in SHOWN_TYPES
        for each in contents.fetch(
            viewer,
            contents.all((kind,), order="modified-date", descending=True),
            limit=RECENT,
        )
    ]
    return sorted(found, key=lambda each: each.modified_at, reverse=True)[:RECENT]


def space_contents(site: Site, space: Space) -> dict[str, Any]:
    """Return what a space's page lists: its newest pages and blog posts."""
    contents, viewer = site.get(Wiki).contents, viewer_of(site)

    def newest(kind: str, limit: int) -> list[Content]:
        query = contents.all((kind,), order="modified-date", descending=True)
        query.where("content.space_id = ?", int(space.id))
        return contents.fetch(viewer, query, limit=limit)

    pages = contents.all(("page",)).where("content.space_id = ?", int(space.id))
    return {
        "pages": newest("page", LISTED),
        "posts": newest("blogpost", RECENT),
        "page_count": contents.count(viewer, pages),
    }


def surroundings(
    site: Site, content: Content, macro: ShowMacro = NOTHING.macro
) -> dict[str, Any]:
    """Return what surrounds a page: its ancestors, children and comments."""
    contents, viewer = site.get(Wiki).contents, viewer_of(site)
    children = contents.fetch(viewer, contents.children(content), limit=LISTED)
    comments = contents.attached(content, "comment")
    files = contents.attached(content, "attachment")
    return {
        "ancestors": contents.ancestors(content),
        "children": children,
        "labels": site.get(Wiki).labels.of(content),
        "comments": [
            (each, body(site, each, macro))
            for each in contents.fetch(viewer, comments, limit=LISTED)
        ],
        "attachments": [
            (each, file_address(each))
            for each in contents.fetch(viewer, files, limit=LISTED)
        ],
    }


def file_address(attachment: Content) -> str:
    """Return the path at which the file of an attachment is downloaded."""
    name = quote(attachment.title, safe="")
    root = f"{CONTEXT_PATH}/download/attachments"
    return f"{root}/{attachment.container_id}/{name}?version={attachment.version}"


def body(site: Site, content: Content, macro: ShowMacro = NOTHING.macro) -> Markup:
    """Return the body of a content as safe HTML."""
    around = replace(links(site, viewer_of(site), content), macro=macro)
    return Markup(render(content.body, around))  # noqa: S704 - render lets nothing unsafe through


def links(site: Site, viewer: Viewer, content: Content) -> Surroundings:
    """Return what the body of a content needs in order to find pages and files."""

    def page_address(title: str, key: str | None) -> str | None:
        space = site.get(Wiki).spaces.find(viewer, key) if key else content.space
        page = space and site.get(Wiki).contents.find_by_title(viewer, space, title)
        return address(page) if page else None

    def attached(name: str) -> str | None:
        file = site.get(Wiki).attachments.find(viewer, content, name)
        return file_address(file) if file else None

    return Surroundings(page_address, attached)
