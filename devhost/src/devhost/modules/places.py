"""The place where a module is shown, and what the app is told about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from devhost.install.license import Licenses
from devhost.modules.macros.definitions import definition_of
from devhost.modules.macros.on_page import MacroOnPage, find_on_page
from devhost.modules.module import MACRO_TYPE, Module
from devhost.site import Site
from devhost.wiki import reading
from devhost.wiki.records import Content, Space

CUSTOM = "ac."


@dataclass(frozen=True)
class Place:
    """A module, and the content, the space and the macro that it is shown in.

    ``custom`` is what the address of the page, or ``AP.navigator``, passes to the
    module in addition: ``{ac.name}`` in its URL.
    """

    module: Module
    content: Content | None = None
    in_space: Space | None = None
    macro: MacroOnPage | None = None
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def space(self) -> Space | None:
        """The space: that of the content, if there is a content."""
        return self.content.space if self.content else self.in_space


def find_place(
    site: Site,
    module: Module,
    content_id: Any,
    macro_id: Any = None,
    *,
    space_key: Any = None,
    custom: Any = None,
) -> Place:
    """Return the place that a page of ours names; a macro is named by its id."""
    content = reading.find_any(site, content_id)
    if content is None or module.type != MACRO_TYPE or not isinstance(macro_id, str):
        named = content is None and isinstance(space_key, str) and space_key
        space = reading.find_space(site, str(space_key)) if named else None
        given = custom if isinstance(custom, dict) else {}
        texts = {name: text for name, text in given.items() if isinstance(text, str)}
        return Place(module, content, space, custom=texts)
    viewer, definition = reading.viewer_of(site), definition_of(module)
    macro = find_on_page(site, viewer, content, definition, macro_id)
    return Place(module, content, macro=macro)


def place_of_address(site: Site, module: Module) -> Place:
    """Return the place that the query of the page's address names.

    https://developer.atlassian.com/cloud/confluence/jsapi/navigator/: what
    ``AP.navigator`` calls ``customData`` is there as ``ac.name=value``.
    """
    given = request.args
    return find_place(
        site,
        module,
        given.get("content.id") or given.get("page.id"),
        space_key=given.get("space.key"),
        custom={
            name.removeprefix(CUSTOM): value
            for name, value in given.items()
            if name.startswith(CUSTOM)
        },
    )


def context_claim(site: Site, place: Place) -> dict[str, Any]:
    """Return the ``context`` claim, which ``AP.context.getContext`` returns too."""
    confluence: dict[str, Any] = {}
    if place.content is not None:
        confluence = place.content.context()
    elif place.space is not None:
        confluence = {"space": {"id": place.space.id, "key": place.space.key}}
    if place.macro is not None:
        confluence["macro"] = place.macro.context()
    return {
        site.product.name: confluence,
        "license": site.get(Licenses).of(place.module.app).context,
        "url": {"displayUrl": site.display_url},
    }


def context_variables(place: Place) -> dict[str, str]:
    """Return the values of the variables of a module URL."""
    variables = {f"ac.{name}": value for name, value in place.custom.items()}
    if place.macro is not None:
        variables |= place.macro.variables()
    if place.content is not None:
        content = place.content.context()["content"]
        variables |= {f"content.{name}": value for name, value in content.items()}
        variables |= {f"page.{name}": value for name, value in content.items()}
        variables["page.title"] = place.content.title
    if place.space is not None:
        variables |= {"space.id": place.space.id, "space.key": place.space.key}
    return variables
