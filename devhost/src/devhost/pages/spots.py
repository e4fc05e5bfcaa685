"""Spots: where on Confluence's pages a module's location is."""

from collections.abc import Iterator
from dataclasses import dataclass

from devhost.modules.locations import (
    DEFAULT_LOCATIONS,
    LINK_AREAS,
    PANEL_AREAS,
    SECTION_LABELS,
    SPACE_TOOLS,
    Area,
    find_area,
    is_within,
)
from devhost.modules.module import DEFAULT_WEIGHT, Module

PLACED_TYPES = ("webItems", "generalPages", "adminPages", "spaceToolsTabs")


@dataclass(frozen=True)
class Spot:
    """The spot of a module's location: an area, and a section of it.

    ``declared`` is the ``webSections`` module if an app brings the section.
    """

    area: Area
    section: str = ""
    label: str = ""
    weight: int = DEFAULT_WEIGHT
    declared: Module | None = None


class Spots:
    """The spots of locations, with the sections that the apps declare."""

    def __init__(self, modules: list[Module], *, has_wiki: bool = True) -> None:
        self._has_wiki = has_wiki
        self._sections = [each for each in modules if each.type == "webSections"]

    def of_link(self, module: Module) -> Spot | None:
        """Return where the link to a module is, None if it is not shown."""
        if module.type not in PLACED_TYPES:
            return None
        location = location_of(module)
        if module.type == "adminPages" and not self._has_wiki:
            # Jira has its own locations for its settings.
            location = DEFAULT_LOCATIONS[module.type]
        return self._find(location, LINK_AREAS)

    def of_panel(self, module: Module) -> Spot | None:
        """Return where a web panel is, None if it is not shown."""
        return self._find(module.location, PANEL_AREAS)

    def of_section(self, module: Module) -> Spot | None:
        """Return where a web section is, None if it is not shown."""
        return self._find(module.location, LINK_AREAS)

    def _find(self, location: str, areas: tuple[Area, ...]) -> Spot | None:
        for section in self._sections:
            if location in _section_names(section):
                area = find_area(section.location, areas)
                if area is not None:
                    return Spot(area, location, section.title, section.weight, section)
        area = find_area(location, areas)
        if area is None:
            return None
        return Spot(area, location, _section_label(location))


def _section_label(location: str) -> str:
    labels = [
        label for place, label in SECTION_LABELS.items() if is_within(location, place)
    ]
    return labels[0] if labels else ""


def _section_names(section: Module) -> Iterator[str]:
    for key in (section.key, f"{section.app.app_key}__{section.key}"):
        yield key
        yield f"{section.location}/{key}"


def location_of(module: Module) -> str:
    """Return the whole location of a module; its type's default if it names none."""
    location = module.location or DEFAULT_LOCATIONS.get(module.type, "")
    if module.type == "spaceToolsTabs" and not location.startswith("system."):
        return f"{SPACE_TOOLS}/{location}"
    return location
