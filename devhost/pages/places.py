"""Where a module is shown, and what the app is told of that place."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from devhost.modules import MACRO_TYPE, Module
from devhost.pages import reading
from devhost.site import Site
from devhost.wiki.records import Content, Space


@dataclass(frozen=True)
class MacroOnPage:
    """One macro in the body of a page: the same id and hash at every rendering."""

    id: str
    hash: str
    parameters: dict[str, str]
    body: str = ""
    output_type: str = "display"

    def context(self) -> dict[str, str]:
        """Return the macro as the ``context`` claim names it."""
        return {"id": self.id, "hash": self.hash, "outputType": self.output_type}


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


def find_place(site: Site, module: Module, content_id: Any) -> Place:
    """Return the place that a page of ours names."""
    content = reading.find_content(site, content_id)
    if content is None or module.type != MACRO_TYPE:
        return Place(module, content)
    return Place(module, content, macro=default_macro(module, content))


def default_macro(module: Module, content: Content) -> MacroOnPage:
    """Return a macro on *content* with the default values of its parameters."""
    name = f"{module.app.app_key}/{module.key}/{content.id}"
    parameters = module.definition.get("parameters", [])
    return MacroOnPage(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        hash=hashlib.sha256(name.encode()).hexdigest()[:32],
        parameters={
            str(parameter["identifier"]): str(parameter.get("defaultValue", ""))
            for parameter in (parameters if isinstance(parameters, list) else [])
            if isinstance(parameter, dict) and "identifier" in parameter
        },
    )


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
        variables |= place.macro.parameters
        variables |= {
            "macro.id": place.macro.id,
            "macro.hash": place.macro.hash,
            "macro.body": place.macro.body,
            "macro.truncated": "false",
            "output.type": place.macro.output_type,
        }
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
