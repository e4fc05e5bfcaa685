"""Where a module is shown, and what the app is told of that place."""

from dataclasses import dataclass
from typing import Any

from devhost.macros.definitions import definition_of
from devhost.macros.on_page import MacroOnPage, find_on_page
from devhost.modules import MACRO_TYPE, Module
from devhost.pages import reading
from devhost.site import Site
from devhost.wiki.records import Content, Space


@dataclass(frozen=True)
class Place:
    """A module, and the content, the space and the macro that it is shown in."""

    module: Module
    content: Content | None = None
    in_space: Space | None = None
    macro: MacroOnPage | None = None

    @property
    def space(self) -> Space | None:
        """The space, of the content if there is one."""
        return self.content.space if self.content else self.in_space


def find_place(
    site: Site, module: Module, content_id: Any, macro_id: Any = None
) -> Place:
    """Return the place that a page of ours names; of a macro by the macro's id."""
    content = reading.find_content(site, content_id)
    if content is None or module.type != MACRO_TYPE or not isinstance(macro_id, str):
        return Place(module, content)
    viewer, definition = reading.viewer_of(site), definition_of(module)
    macro = find_on_page(site, viewer, content, definition, macro_id)
    return Place(module, content, macro=macro)


def context_claim(site: Site, place: Place) -> dict[str, Any]:
    """Return the ``context`` claim, which ``AP.context.getContext`` answers too."""
    confluence: dict[str, Any] = (
        {} if place.content is None else place.content.context()
    )
    if place.macro is not None:
        confluence["macro"] = place.macro.context()
    return {
        site.product.name: confluence,
        "license": site.licences.of(place.module.app).context,
        "url": {"displayUrl": site.display_url},
    }


def context_variables(place: Place) -> dict[str, str]:
    """Return what the variables of a module URL stand for."""
    variables: dict[str, str] = {}
    if place.macro is not None:
        variables |= place.macro.variables()
    if place.content is not None:
        content = place.content.context()["content"]
        variables |= {f"content.{name}": value for name, value in content.items()}
        variables |= {f"page.{name}": value for name, value in content.items()}
        variables |= {
            "page.title": place.content.title,
            "space.id": place.content.space.id,
            "space.key": place.content.space.key,
        }
    return variables
