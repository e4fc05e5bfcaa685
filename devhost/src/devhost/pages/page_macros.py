"""Macros of apps on one page of ours."""

from html import escape
from typing import Any

from devhost.modules.iframes import frame
from devhost.modules.macros.definitions import MacroDefinition
from devhost.modules.macros.on_page import MacroOnPage
from devhost.modules.macros.rendering import MacroRenderer, Reader
from devhost.modules.places import Place
from devhost.site import Site
from devhost.wiki import reading
from devhost.wiki.records import Content


class PageMacros(MacroRenderer):
    """Renders dynamic macros as iframes; ``frames`` is what our page's script adds."""

    def __init__(self, site: Site, content: Content) -> None:
        super().__init__(site, content, Reader(reading.viewer_of(site), site.user))
        self.frames: list[dict[str, Any]] = []

    def dynamic(self, definition: MacroDefinition, macro: MacroOnPage) -> str:
        """Return the element that our page's script puts the iframe in."""
        place = Place(definition.module, self.content, macro=macro)
        target = f"macro-{len(self.frames)}"
        shown = frame(self.site, place, target)
        self.frames.append({**shown, "isInline": definition.is_inline})
        kind = "inline" if definition.is_inline else "block"
        # A span, because a macro can be inside a paragraph.
        return (
            f'<span id="{target}" class="frame macro-frame {kind}"'
            f' data-title="{escape(definition.module.title)}"></span>'
        )
