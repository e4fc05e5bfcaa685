"""Custom content: contents of apps' own types on the pages of the wiki.

https://developer.atlassian.com/cloud/confluence/modules/custom-content-ui-support/:
``uiSupport`` names a general page that lists contents of a type, one that shows a
content, and icons.
"""

from dataclasses import dataclass
from typing import Any

from devhost.modules.module import Module, all_modules
from devhost.pages.links import Link, icon_of
from devhost.site import Site
from devhost.wiki import Wiki, reading
from devhost.wiki.custom_content import CustomType
from devhost.wiki.custom_types import TYPE, custom_type
from devhost.wiki.queries import Query
from devhost.wiki.records import Content, Space


@dataclass(frozen=True)
class Shelf:
    """The contents of one type in a page or in a space."""

    label: str
    links: list[Link]


def type_of(declared: Module) -> CustomType:
    """Return the type that a ``customContent`` module declares."""
    return custom_type(declared.app.app_key, declared.definition)


def find_declared(modules: list[Module], content: Content) -> Module | None:
    """Return the module that declares the type of *content*."""
    for module in modules:
        if module.type == TYPE and type_of(module).key == content.type:
            return module
    return None


def list_page(declared: Module, modules: list[Module]) -> Module | None:
    """Return the general page that lists contents of a type, None if there is none."""
    if "space" not in type_of(declared).containers:
        return None
    return _component(declared, "listViewComponent", modules)


def view_page(declared: Module, modules: list[Module]) -> Module | None:
    """Return the general page that shows a content of a type, None if there is none."""
    return _component(declared, "contentViewComponent", modules)


def _component(declared: Module, name: str, modules: list[Module]) -> Module | None:
    component = _object(_object(declared.definition.get("uiSupport")).get(name))
    app_key = component.get("addonKey") or declared.app.app_key
    for module in modules:
        is_named = module.key and module.key == component.get("moduleKey")
        if is_named and module.app.app_key == app_key:
            return module if module.type == "generalPages" else None
    return None


def appearance(declared: Module) -> dict[str, Any]:
    """Return the name and the icon of the link to the page that lists a type."""
    return {
        "name": declared.definition.get("name"),
        "icon": _icon(declared, "list", "item"),
    }


def _icon(declared: Module, *names: str) -> Any:
    icons = _object(_object(declared.definition.get("uiSupport")).get("icons"))
    return next((icons[name] for name in names if icons.get(name)), None)


def shelves(site: Site, within: Content | Space) -> list[Shelf]:
    """Return the contents of a page, a space or another content, by type."""
    declared = (each for each in all_modules(site) if each.type == TYPE)
    found = [
        Shelf(each.title, [_link(each, one) for one in _contents(site, each, within)])
        for each in declared
    ]
    return [each for each in found if each.links]


def _contents(site: Site, declared: Module, within: Content | Space) -> list[Content]:
    contents = site.get(Wiki).contents
    query: Query = contents.all(
        (type_of(declared).key,), order="modified-date", descending=True
    )
    if isinstance(within, Content):
        query.where("content.container_id = ?", within.number)
    else:
        query.where("content.space_id = ?", int(within.id))
        query.where("content.container_id IS NULL")
    return contents.fetch(reading.viewer_of(site), query, limit=reading.LISTED)


def _link(declared: Module, content: Content) -> Link:
    icon = icon_of(declared, _icon(declared, "item"))
    return Link(declared, content.title, reading.address(content), icon=icon)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
