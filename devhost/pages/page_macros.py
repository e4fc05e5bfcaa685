"""The macros of apps on one page of ours."""

from html import escape
from typing import Any

from devhost.macros import policy
from devhost.macros.definitions import MacroDefinition, all_macros, macro_named
from devhost.macros.on_page import on_page
from devhost.pages.iframes import frame
from devhost.pages.places import Place
from devhost.site import Site
from devhost.wiki import macro_messages
from devhost.wiki.records import Content
from devhost.wiki.storage_format import Macro


class PageMacros:
    """Shows each macro in its place; ``frames`` is what our page's script adds."""

    def __init__(self, site: Site, content: Content) -> None:
        self.frames: list[dict[str, Any]] = []
        self._site = site
        self._content = content
        self._definitions = all_macros(site)

    def show(self, macro: Macro) -> str | None:
        """Return a macro as HTML, None if it is of no app."""
        definition = macro_named(self._definitions, macro.name)
        if definition is None:
            return None
        module = definition.module
        if policy.is_blocked(self._site, module, self._content.space):
            return macro_messages.blocked(module.title)
        return self._iframe(definition, macro)

    def _iframe(self, definition: MacroDefinition, macro: Macro) -> str:
        module = definition.module
        place = Place(module, self._content, macro=on_page(macro, definition))
        target = f"macro-{len(self.frames)}"
        shown = frame(self._site, place, target)
        self.frames.append({**shown, "isInline": definition.is_inline})
        kind = "inline" if definition.is_inline else "block"
        # A span, because a macro may stand inside of a paragraph.
        return (
            f'<span id="{target}" class="frame macro-frame {kind}"'
            f' data-title="{escape(module.title)}"></span>'
        )
