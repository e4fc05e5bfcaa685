"""Pages of the wiki that carry macros of apps."""

from typing import Any

from devhost.macros.definitions import all_macros
from devhost.macros.sample_page import sample
from devhost.server import LocalConfluence
from devhost.users import ADMINISTRATOR
from devhost.wiki.editor import Edit
from devhost.wiki.records import Content

PAGE = "/spaces/DS/pages/98421"


def write_page(confluence: LocalConfluence, body: str) -> Content:
    """Give the first page of the wiki another body."""
    wiki = confluence.site.wiki
    viewer = wiki.viewer(ADMINISTRATOR)
    page = wiki.contents.get(viewer, "98421")
    return wiki.editor.update(viewer, page, Edit(page.version + 1, body=body))


def carry_macros(confluence: LocalConfluence) -> Content:
    """Let the first page carry every macro of every app, with default values."""
    definitions = all_macros(confluence.site)
    return write_page(confluence, "".join(map(sample, definitions)))


def plain(text: str) -> str:
    """The body of a macro that is plain text."""
    return f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>"


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
