"""Rendered bodies: storage format as the HTML that REST returns."""

from dataclasses import replace

from devhost.rest.macros import RestMacros
from devhost.rest.viewer import current_viewer
from devhost.site.current import current_site
from devhost.wiki.reading import links
from devhost.wiki.records import Content
from devhost.wiki.render import render


def view(found: Content, storage: str, representation: str = "view") -> str:
    """Return storage format as the HTML of a content, including its apps' macros."""
    macros = RestMacros(found, representation)
    macros.prepare(storage)
    around = links(current_site(), current_viewer(), found)
    return render(storage, replace(around, macro=macros.show))


def plain_view(storage: str) -> str:
    """Return storage format as HTML outside of any content."""
    return render(storage)
