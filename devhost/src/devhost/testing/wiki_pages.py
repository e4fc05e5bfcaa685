"""Wiki pages for tests that need one with a certain body."""

from typing import Any

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit
from devhost.wiki.records import Content

PAGE = "/spaces/DS/pages/98421"


def write_page(confluence: LocalConfluence, body: str) -> Content:
    """Give the first page of the wiki, at ``PAGE``, another body in storage format."""
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(ADMINISTRATOR)
    page = wiki.contents.get(viewer, "98421")
    return wiki.editor.update(viewer, page, Edit(page.version + 1, body=body))


def macro_xml(name: str, body: str = "", id: str = "m-1", **parameters: Any) -> str:
    """Return a macro as storage format; *body* with the element around it."""
    inside = "".join(
        f'<ac:parameter ac:name="{key}">{value}</ac:parameter>'
        for key, value in parameters.items()
    )
    return (
        f'<ac:structured-macro ac:name="{name}" ac:macro-id="{id}">{inside}{body}'
        "</ac:structured-macro>"
    )
