"""Placement of the apps' modules on one page of ours."""

from dataclasses import dataclass, field
from typing import Any

from devhost.access_rules import is_blocked
from devhost.modules.conditions.evaluate import conditions_hold
from devhost.modules.iframes import frame
from devhost.modules.locations import NOWHERE
from devhost.modules.module import PAGE_TYPES, Module, all_modules, text_of
from devhost.modules.places import Place
from devhost.pages.custom_content import appearance, list_page
from devhost.pages.links import Link, link_of, takes_context
from devhost.pages.spots import PLACED_TYPES, Spots
from devhost.site import Site
from devhost.wiki import Wiki
from devhost.wiki.custom_types import TYPE as CONTENT_TYPE
from devhost.wiki.records import Content, Space

BYLINE_PARTS = ("name", "icon", "tooltip")


@dataclass(frozen=True)
class Group:
    """The links of one section, light ones first."""

    label: str
    links: list[Link]


@dataclass(frozen=True)
class Panel:
    """A web panel: its iframe appears in the element with the id ``target``."""

    module: Module
    target: str
    tooltip: str


@dataclass
class Placement:
    """The modules on one page, for the person looking at it.

    ``on`` names the kind of page, as ``Area.on`` does.
    """

    site: Site
    on: tuple[str, ...] = ("site",)
    content: Content | None = None
    space: Space | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the place of every module, and sign the panels."""
        product = self.site.product
        self.modules = [
            module for module in all_modules(self.site) if product.shows(module.type)
        ]
        self._spots = Spots(self.modules, has_wiki=product.has_wiki)
        self._groups: dict[str, list[Group]] = {}
        self._panels = self._find_panels()

    def place(self, module: Module) -> Place:
        """Return the place of a module on this page."""
        return Place(module, self.content, self.space)

    def groups(self, area: str) -> list[Group]:
        """Return the links of an area, by section."""
        if area not in self._groups:
            self._groups[area] = self._find_groups(area)
        return self._groups[area]

    def _find_groups(self, area: str) -> list[Group]:
        found: dict[tuple[int, str, str], list[Module]] = {}
        for module in self.modules:
            spot = self._spots.of_link(module)
            if spot is None or spot.area.name != area:
                continue
            sections = [one for one in (module, spot.declared) if one is not None]
            if all(self._is_shown(each) for each in sections):
                key = (spot.weight, spot.section, spot.label)
                found.setdefault(key, []).append(module)
        groups = [
            Group(label, [link_of(self.place(each)) for each in by_weight(modules)])
            for (_, _, label), modules in sorted(found.items(), key=lambda one: one[0])
        ]
        lists = self._content_lists() if area == "space-side" else []
        return [*groups, Group("", lists)] if lists else groups

    def _content_lists(self) -> list[Link]:
        declared = self.of_type(CONTENT_TYPE)
        pages = [(each, list_page(each, self.modules)) for each in declared]
        return [
            link_of(self.place(page), appearance(each))
            for each, page in pages
            if page is not None and self._is_shown(page)
        ]

    def links(self, area: str) -> list[Link]:
        """Return the links of an area, whatever their section."""
        return [link for group in self.groups(area) for link in group.links]

    def panels(self, area: str) -> list[Panel]:
        """Return the web panels of an area."""
        return self._panels.get(area, [])

    def pages(self) -> list[Module]:
        """Return the general pages that the Apps menu lists.

        These are all of them except those whose link is elsewhere, or nowhere.
        """
        return [
            module
            for module in self.modules
            if module.type == "generalPages"
            and self._is_for_everywhere(module)
            and conditions_hold(self.site, module, Place(module))
        ]

    def _is_for_everywhere(self, module: Module) -> bool:
        spot = self._spots.of_link(module)
        named = module.location != NOWHERE
        return named and (spot is None or spot.area.on == "site")

    def byline(self) -> list[Link]:
        """Return the items below the title of the page."""
        items = (each for each in self.modules if each.type == "contentBylineItems")
        return [
            link_of(self.place(each), byline_appearance(self.site, each, self.content))
            for each in items
            if self._is_shown(each)
        ]

    def of_type(self, module_type: str) -> list[Module]:
        """Return the modules of one type that are shown here."""
        return [
            each
            for each in self.modules
            if each.type == module_type and self._is_shown(each)
        ]

    @property
    def needs_bridge(self) -> bool:
        """Whether anything on this page needs the bridge."""
        kinds = {"dialogs", "keyboardShortcuts"}
        return bool(self.frames) or any(
            module.type in kinds or link_of(Place(module)).opens_dialog
            for module in self.modules
            if module.type in {*kinds, *PLACED_TYPES}
        )

    def _is_shown(self, module: Module) -> bool:
        if module.type == "webItems" and not module.url and not _has_dialog(module):
            return False
        place = self.place(module)
        if module.type in PAGE_TYPES and not takes_context(module):
            # It opens outside of any page or space, whatever page its link is on.
            place = Place(module)
        if self._is_in_space(module) and self._is_blocked(place):
            return False
        return conditions_hold(self.site, module, place)

    def _is_blocked(self, place: Place) -> bool:
        return is_blocked(self.site, place.module.app.app_key, place.space)

    def _is_in_space(self, module: Module) -> bool:
        # The bar at the top is not about the space below it, unless the module asks for
        # it.
        spot = self._spots.of_link(module) or self._spots.of_section(module)
        return takes_context(module) or spot is None or spot.area.on != "site"

    def _find_panels(self) -> dict[str, list[Panel]]:
        found: dict[str, list[Panel]] = {}
        panels = (each for each in self.modules if each.type == "webPanels")
        for number, module in enumerate(by_weight(list(panels))):
            spot = self._spots.of_panel(module)
            if spot is None or spot.area.on not in self.on:
                continue
            if not self._is_shown(module):
                continue
            panel = Panel(
                module, f"panel-{number}", text_of(module.definition.get("tooltip"))
            )
            found.setdefault(spot.area.name, []).append(panel)
            self.frames.append(frame(self.site, self.place(module), panel.target))
        return found


def by_weight(modules: list[Module]) -> list[Module]:
    """Return the modules by weight, keeping the order of equal ones."""
    return sorted(modules, key=lambda module: module.weight)


def _has_dialog(module: Module) -> bool:
    return link_of(Place(module)).opens_dialog


def byline_appearance(
    site: Site, module: Module, content: Content | None
) -> dict[str, Any]:
    """Return name, icon and tooltip of a byline item on a content.

    The content property that ``contentPropertyKey`` names replaces those of them that
    the module itself has.
    https://developer.atlassian.com/cloud/confluence/modules/content-byline-item/
    """
    declared = {
        part: module.definition[part]
        for part in BYLINE_PARTS
        if part in module.definition
    }
    key = module.definition.get("contentPropertyKey")
    if content is None or not isinstance(key, str):
        return declared
    found = site.get(Wiki).properties.find(content, key)
    value = found.value if found is not None else None
    if not isinstance(value, dict):
        return declared
    return {part: value.get(part, own) for part, own in declared.items()}
