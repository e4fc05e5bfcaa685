"""A sample page with the macros of one app, to see them work."""

from html import escape

from devhost.modules.macros.definitions import MacroDefinition, all_macros
from devhost.modules.macros.storage import write
from devhost.site import Site
from devhost.site.installations import Installation
from devhost.wiki import Wiki
from devhost.wiki.access import Role, Viewer
from devhost.wiki.contents import Contents
from devhost.wiki.editor import MAX_TITLE_LENGTH, Edit, NewContent
from devhost.wiki.errors import NotPermittedError
from devhost.wiki.records import Content, Space
from devhost.wiki.storage_format import Macro, macros

BODIES = {
    "none": "",
    "plain-text": "The body of the macro.",
    "rich-text": "<p>The body of the <strong>macro</strong>.</p>",
}


def sample(definition: MacroDefinition) -> str:
    """Return a macro with its default values and a body, as storage format."""
    body_type = definition.body_type
    macro = Macro(
        "", definition.name, definition.defaults(), BODIES[body_type], body_type
    )
    written = write(macro)
    return f"<p>Here: {written}</p>" if definition.is_inline else written


def sample_page(site: Site, viewer: Viewer, app: Installation) -> Content:
    """Return the page with the app's macros, created or completed if necessary.

    :raises NotPermittedError: if the viewer cannot write anywhere.
    """
    definitions = [
        each
        for each in all_macros(site)
        if each.module.app.app_key == app.app_key and not each.is_hidden
    ]
    space = _space(site, viewer)
    title = f"Macros of {app.name}"[:MAX_TITLE_LENGTH].strip()
    page = site.get(Wiki).contents.find_by_title(viewer, space, title)
    if page is None:
        parent = _home(site.get(Wiki).contents, viewer, space)
        body = _introduction(app) + _sections(definitions)
        new = NewContent("page", space, title, body, parent=parent)
        return site.get(Wiki).editor.create(viewer, new)
    carried = {macro.name for macro in macros(page.body)}
    missing = [each for each in definitions if each.name not in carried]
    if not missing or not viewer.may(Role.WRITE, space):
        return page
    edit = Edit(page.version + 1, body=page.body + _sections(missing))
    return site.get(Wiki).editor.update(viewer, page, edit)


def _space(site: Site, viewer: Viewer) -> Space:
    every = site.get(Wiki).spaces.all(viewer)
    for role in (Role.WRITE, Role.READ):
        for space in every:
            if viewer.may(role, space):
                return space
    raise NotPermittedError("There is no space to try macros in")


def _home(contents: Contents, viewer: Viewer, space: Space) -> Content | None:
    return contents.find(viewer, space.homepage_id) if space.homepage_id else None


def _introduction(app: Installation) -> str:
    return (
        f"<p>Every macro of {escape(app.name)}, with the default values of its "
        "parameters. Edit this page to change them.</p>"
    )


def _sections(definitions: list[MacroDefinition]) -> str:
    return "".join(
        f"\n<h2>{escape(each.module.title)}</h2>"
        + (f"\n<p>{escape(each.description)}</p>" if each.description else "")
        + f"\n{sample(each)}"
        for each in definitions
    )
