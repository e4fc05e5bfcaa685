"""A macro on a page, and the variables and context that its app gets."""

import hashlib
import json
from dataclasses import dataclass, field

from devhost.modules.macros.definitions import MacroDefinition
from devhost.site import Site
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer
from devhost.wiki.contents import Contents
from devhost.wiki.records import Content
from devhost.wiki.storage_format import Macro, macros

# How much of a body a URL carries; the rest is read by REST.
BODY_IN_URL = 128
DISPLAY = "display"
# How many comments of a page are searched for a macro.
COMMENTS = 50


@dataclass(frozen=True)
class MacroOnPage:
    """One macro in the body of a page: the same id and hash at every rendering."""

    id: str
    hash: str
    parameters: dict[str, str] = field(default_factory=dict)
    body: str = ""
    output_type: str = DISPLAY

    def context(self) -> dict[str, str]:
        """Return the macro as the ``context`` claim names it."""
        return {"id": self.id, "hash": self.hash, "outputType": self.output_type}

    def variables(self) -> dict[str, str]:
        """Return the values of the variables of a module URL."""
        is_cut = len(self.body) > BODY_IN_URL
        return {
            **self.parameters,
            "macro.id": self.id,
            "macro.hash": self.hash,
            "macro.body": self.body[:BODY_IN_URL],
            "macro.truncated": "true" if is_cut else "false",
            "output.type": self.output_type,
        }


def on_page(
    macro: Macro, definition: MacroDefinition, output_type: str = DISPLAY
) -> MacroOnPage:
    """Return a macro of a body in the form that is sent to its app.

    A parameter that was saved under an alias is also given its present name.
    """
    parameters = dict(macro.parameters)
    for each in definition.parameters:
        saved = [name for name in each.aliases if name in parameters]
        if saved and each.identifier not in parameters:
            parameters[each.identifier] = parameters[saved[0]]
    told = json.dumps([macro.name, macro.parameters, macro.body], sort_keys=True)
    return MacroOnPage(
        id=macro.id,
        hash=hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        parameters=parameters,
        body=macro.body,
        output_type=output_type,
    )


def find_on_page(
    site: Site,
    viewer: Viewer,
    content: Content,
    definition: MacroDefinition,
    macro_id: str,
) -> MacroOnPage | None:
    """Return the macro with this id on a page or in a comment on it."""
    for holder in _bodies(site.get(Wiki).contents, viewer, content):
        for macro in macros(holder.body) if macro_id in holder.body else []:
            is_named = macro.name == definition.name or macro.name in definition.aliases
            if macro.id == macro_id and is_named:
                return on_page(macro, definition)
    return None


def _bodies(contents: Contents, viewer: Viewer, content: Content) -> list[Content]:
    comments = contents.attached(content, "comment")
    return [content, *contents.fetch(viewer, comments, limit=COMMENTS)]
