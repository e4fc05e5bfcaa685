"""Rendering of the macros of apps in the bodies of one content."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from devhost import access_rules
from devhost.modules.macros.definitions import MacroDefinition, all_macros, macro_named
from devhost.modules.macros.on_page import DISPLAY, MacroOnPage, on_page
from devhost.modules.macros.static_call import StaticCall, static_call
from devhost.modules.macros.static_output import PAGE_SECONDS, Output, fetch, fetch_all
from devhost.modules.module import Module
from devhost.modules.places import Place
from devhost.site import Site
from devhost.site.users import User
from devhost.wiki import macro_messages, reading
from devhost.wiki.access import Viewer
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import Content
from devhost.wiki.render import render
from devhost.wiki.storage_format import MACRO, Macro, macro_of, parse

# Output may contain macros, and so may their output.
MAX_DEPTH = 3


@dataclass(frozen=True)
class Reader:
    """The reader of a content: their permissions, and who apps are told they are."""

    viewer: Viewer
    user: User


class MacroRenderer:
    """Renders each macro in its place; subclasses render dynamic macros."""

    output_type = DISPLAY

    def __init__(
        self, site: Site, content: Content, reader: Reader, give_up_at: float = 0.0
    ) -> None:
        self.site = site
        self.content = content
        self._reader = reader
        self._give_up_at = give_up_at or time.monotonic() + PAGE_SECONDS
        self._definitions = all_macros(site)
        self._outputs: dict[tuple[str, str], Output] = {}
        self._depth = 0

    def dynamic(self, definition: MacroDefinition, macro: MacroOnPage) -> str:
        """Return a dynamic macro as HTML."""
        raise TypeError(f"{type(self).__name__} shows no {definition.name}: {macro.id}")

    def may_ask(self, call: StaticCall) -> bool:
        """Whether an app can be asked for the output of a static macro now."""
        return True

    def prepare(self, storage: str) -> None:
        """Request the static macros of a body, all at once."""
        if not any(each.is_static for each in self._definitions):
            return
        wanted = {}
        for macro in self._shown_macros(parse(storage)):
            definition = macro_named(self._definitions, macro.name)
            if definition is None or not definition.is_static:
                continue
            if not self._is_blocked(definition):
                placed = on_page(macro, definition, self.output_type)
                call = self._call(definition.module, placed)
                if self.may_ask(call):
                    wanted[(placed.id, placed.hash)] = call
        outputs = fetch_all(self.site, list(wanted.values()), self._give_up_at)
        self._outputs |= dict(zip(wanted, outputs, strict=True))

    def _shown_macros(self, element: Element) -> Iterator[Macro]:
        for child in element:
            if child.tag == MACRO:
                macro = macro_of(child)
                if macro_named(self._definitions, macro.name):
                    # Its contents are for its app.
                    yield macro
                    continue
            yield from self._shown_macros(child)

    def show(self, macro: Macro) -> str | None:
        """Return a macro as HTML, None if it belongs to no app."""
        definition = macro_named(self._definitions, macro.name)
        if definition is None:
            return None
        if self._is_blocked(definition):
            return macro_messages.blocked(definition.module.title)
        placed = on_page(macro, definition, self.output_type)
        if definition.is_static:
            return self.static(definition, definition.module, placed)
        return self.dynamic(definition, placed)

    def _is_blocked(self, definition: MacroDefinition) -> bool:
        app_key = definition.module.app.app_key
        return access_rules.is_blocked(self.site, app_key, self.content.space)

    def static(
        self, definition: MacroDefinition, module: Module, macro: MacroOnPage
    ) -> str:
        """Return the app's answer at the URL of *module*, as safe HTML."""
        title = definition.module.title
        if self._depth >= MAX_DEPTH:
            return macro_messages.failed(title, "macros are nested too deeply")
        output = self._outputs.get((macro.id, macro.hash)) or self._ask(module, macro)
        if output.error:
            return macro_messages.failed(title, f"{output.error}.")
        try:
            html = self._safe(output.storage)
        except InvalidError as error:
            reason = f"the app's answer is not storage format ({error})."
            return macro_messages.failed(title, reason)
        tag = "span" if definition.is_inline else "div"
        return f'<{tag} class="macro-output">{html}</{tag}>'

    def _ask(self, module: Module, macro: MacroOnPage) -> Output:
        call = self._call(module, macro)
        if not self.may_ask(call):
            return Output(error="the app requests this page while it renders the macro")
        return fetch(self.site, call, self._give_up_at)

    def _safe(self, storage: str) -> str:
        around = reading.links(self.site, self._reader.viewer, self.content)
        self._depth += 1
        try:
            return render(storage, replace(around, macro=self.show))
        finally:
            self._depth -= 1

    def _call(self, module: Module, macro: MacroOnPage) -> StaticCall:
        place = Place(module, self.content, macro=macro)
        return static_call(self.site, place, self._reader.user)
