"""Pages of the wiki with macros of apps."""

from devhost.modules.macros.definitions import all_macros
from devhost.modules.macros.sample_page import sample
from devhost.server import LocalConfluence
from devhost.testing.wiki_pages import PAGE, macro_xml, write_page
from devhost.wiki.records import Content

__all__ = ["PAGE", "carry_macros", "macro_xml", "write_page"]


def carry_macros(confluence: LocalConfluence) -> Content:
    """Put every macro of every app on the first page, with default values."""
    definitions = all_macros(confluence.site)
    return write_page(confluence, "".join(map(sample, definitions)))


def plain(text: str) -> str:
    """Return the body of a macro with plain text."""
    return f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>"
