"""Macros of apps in the bodies that REST returns.

Assumed: a dynamic macro is an empty container, with the attributes that Confluence
gives to every macro's output, but without the iframe and its token; an export contains
the output of the macro's ``renderModes``. All calls to apps for one REST response share
one time limit.
"""

import time
from html import escape

from flask import g

from devhost.modules.macros.definitions import MacroDefinition
from devhost.modules.macros.on_page import DISPLAY, MacroOnPage
from devhost.modules.macros.rendering import MacroRenderer, Reader
from devhost.modules.macros.static_call import StaticCall
from devhost.modules.macros.static_macros import StaticMacros
from devhost.modules.macros.static_output import PAGE_SECONDS
from devhost.rest.caller import caller
from devhost.rest.viewer import current_viewer
from devhost.site.current import current_site
from devhost.site.users import ANONYMOUS
from devhost.wiki import macro_messages
from devhost.wiki.records import Content

EXPORTS = frozenset({"export_view", "anonymous_export_view"})
EXPORT = "html_export"


class RestMacros(MacroRenderer):
    """Renders macros for the caller of this request."""

    def __init__(self, content: Content, representation: str) -> None:
        reader = Reader(current_viewer(), caller.user or ANONYMOUS)
        super().__init__(current_site(), content, reader, _give_up_at())
        self.output_type = EXPORT if representation in EXPORTS else DISPLAY

    def may_ask(self, call: StaticCall) -> bool:
        """Whether the app can be asked: not for a macro it is already producing."""
        is_own = call.app.app_key == caller.app.app_key
        return not (is_own and self.site.get(StaticMacros).is_asked(call.macro))

    def dynamic(self, definition: MacroDefinition, macro: MacroOnPage) -> str:
        """Return the container of a macro, or its output for an export."""
        module = definition.module
        if self.output_type == EXPORT:
            embedded = definition.export_module()
            if embedded is None:
                return macro_messages.notice(f"{module.title} has no output for export")
            return self.static(definition, embedded, macro)
        kind = "inline" if definition.is_inline else "block"
        return (
            f'<span class="ap-container conf-macro output-{kind}"'
            f' data-hasbody="{"true" if macro.body else "false"}"'
            f' data-macro-name="{escape(definition.name)}"'
            f' data-macro-id="{escape(macro.id)}"></span>'
        )


def _give_up_at() -> float:
    if "devhost_macros_give_up_at" not in g:
        g.devhost_macros_give_up_at = time.monotonic() + PAGE_SECONDS
    moment: float = g.devhost_macros_give_up_at
    return moment
