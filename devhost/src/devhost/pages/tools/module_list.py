"""List of every module of an app, with where it is shown or why it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from devhost.modules.conditions.describe import unmet_condition
from devhost.modules.content_properties import TYPE as PROPERTY_TYPE
from devhost.modules.content_properties import fields_of
from devhost.modules.locations import NOWHERE
from devhost.modules.module import PAGE_TYPES, Module, modules_of
from devhost.modules.places import Place
from devhost.pages.custom_content import list_page, type_of, view_page
from devhost.pages.editing import editor_address
from devhost.pages.shortcuts import TYPE as SHORTCUT_TYPE
from devhost.pages.shortcuts import keys_of, problem_of
from devhost.pages.space_addresses import create_address, space_settings_address
from devhost.pages.spots import PLACED_TYPES, Spot, Spots, location_of
from devhost.site import Site
from devhost.site.app_data import DynamicModules
from devhost.site.installations import Installation
from devhost.wiki import reading
from devhost.wiki.custom_types import TYPE as CONTENT_TYPE
from devhost.wiki.records import Content, Space

# Types that are shown where the type says, whatever the location.
BY_TYPE = {
    "configurePage": "Configure, on this page and in the settings of the site",
    "postInstallPage": "Get started, after an installation and on this page",
    "dialogs": "a dialog, when AP.dialog.create or a web item names its key",
    "dynamicContentMacros": "on the pages that carry the macro",
    "staticContentMacros": "on the pages that carry the macro",
    "contentBylineItems": "below the title of a page",
    "blueprints": "Create, in a space",
}
ON_CONTENT = frozenset({"contentBylineItems"})
NOT_HERE = {
    "confluenceThemes": "spaces have no themes here",
    "publishConditions": "pages are published only through REST here",
    "cloudAppMigration": "there are no migrations here",
}


@dataclass(frozen=True)
class Entry:
    """One module; ``address`` is where to see it, ``hidden`` why that is impossible."""

    module: Module
    is_dynamic: bool
    where: str
    address: str | None = None
    hidden: str = ""


class _Examples:
    """An example of each kind of place, as far as the user can see one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.space: Space | None = None
        self.content: Content | None = None
        if site.product.has_wiki:
            self.space = next(iter(reading.spaces(site)), None)
        if self.space is not None and self.space.homepage_id is not None:
            self.content = reading.find_content(site, self.space.homepage_id)

    def address(self, on: str) -> str | None:
        """Return the address of an example of the pages that ``Area.on`` names."""
        root = self.site.context_path
        space = self.space
        if on in {"site", "dashboard"}:
            return f"{root}/"
        if on == "admin":
            return f"{root}/admin"
        if on == "person" and self.site.user.account_id:
            return f"{root}/people/{quote(self.site.user.account_id, safe='')}"
        if on == "space" and space is not None:
            return f"{root}/spaces/{space.key}"
        if on == "editor" and space is not None:
            may = create_address(self.site, space)
            return editor_address(self.site, space) if may else None
        if on == "space-tools" and space is not None:
            return space_settings_address(self.site, space)
        if on == "content" and self.content is not None:
            return reading.address(self.content)
        return None

    def place(self, module: Module, on: str) -> Place:
        """Return the module's place in such an example."""
        if on == "content":
            return Place(module, self.content)
        if on in {"space", "space-tools", "editor"}:
            return Place(module, None, self.space)
        return Place(module)


def entries(site: Site, app: Installation) -> list[Entry]:
    """Return every module of an app, in the order of the descriptor."""
    modules = list(modules_of(site, app))
    dynamic = {
        (kind, str(definition.get("key", "")))
        for kind, definitions in site.get(DynamicModules).all(app.app_key).items()
        for definition in definitions
    }
    spots = Spots(modules, has_wiki=site.product.has_wiki)
    describe = _Describer(site, modules, spots)
    return [describe(each, (each.type, each.key) in dynamic) for each in modules]


class _Describer:
    def __init__(self, site: Site, modules: list[Module], spots: Spots) -> None:
        self._site = site
        self._modules = modules
        self._examples = _Examples(site)
        self._finders: dict[str, Callable[[Module], Spot | None]] = {
            **dict.fromkeys(PLACED_TYPES, spots.of_link),
            "webPanels": spots.of_panel,
            "webSections": spots.of_section,
        }

    def __call__(self, module: Module, is_dynamic: bool) -> Entry:
        product = self._site.product
        if not product.shows(module.type):
            reason = f"{module.type} are not in the local {product.title}"
            return Entry(module, is_dynamic, "nowhere", hidden=reason)
        if module.type == "webhooks":
            event = module.definition.get("event")
            return Entry(module, is_dynamic, f"sent to the app on {event}")
        if module.type in self._finders:
            return self._placed(module, is_dynamic)
        if module.type == PROPERTY_TYPE:
            names = [name for name, _ in fields_of(module)]
            problem = "" if names else "it declares no value that CQL could find"
            where = f"in CQL: {', '.join(names)}" if names else "nowhere"
            return Entry(module, is_dynamic, where, hidden=problem)
        if module.type == CONTENT_TYPE:
            return self._content(module, is_dynamic)
        if module.type == SHORTCUT_TYPE:
            where = f"the keys {keys_of(module)} on every page, and the list at ?"
            problem = problem_of(module, self._modules)
            return Entry(module, is_dynamic, where, hidden=problem)
        return self._by_type(module, is_dynamic)

    def _content(self, module: Module, is_dynamic: bool) -> Entry:
        declared = type_of(module)
        if not declared.containers:
            reason = "its apiSupport.supportedContainerTypes names nothing"
            return Entry(module, is_dynamic, "nowhere", hidden=reason)
        where = f"contents of the type {declared.key}, in"
        where = f"{where} {', '.join(sorted(declared.containers))}"
        if list_page(module, self._modules) is not None:
            where += "; its list, in the side bar of a space"
        if view_page(module, self._modules) is None:
            where += "; shown as stored, because it has no contentViewComponent"
        on = "space" if "space" in declared.containers else "content"
        return Entry(module, is_dynamic, where, self._examples.address(on))

    def _placed(self, module: Module, is_dynamic: bool) -> Entry:
        location = location_of(module)
        own = module.address if module.type in PAGE_TYPES else None
        if location == NOWHERE:
            where = "without a link, because its location is none"
            return Entry(module, is_dynamic, where, own)
        spot = self._finders[module.type](module)
        if spot is None:
            reason = f"the location {location} is not in the local Confluence"
            return Entry(module, is_dynamic, "without a link", own, reason)
        on = spot.area.on
        address = self._examples.address(on)
        hidden = self._unmet(module, on)
        return Entry(module, is_dynamic, spot.area.description, address, hidden)

    def _by_type(self, module: Module, is_dynamic: bool) -> Entry:
        if module.type not in BY_TYPE:
            reason = NOT_HERE.get(module.type, f"{module.type} are unknown here")
            return Entry(module, is_dynamic, "nowhere", hidden=reason)
        on = "content" if module.type in ON_CONTENT else "site"
        address = module.address if module.type in PAGE_TYPES else None
        if module.type in ON_CONTENT:
            address = self._examples.address(on)
        elif module.type == "blueprints" and self._examples.space is not None:
            address = create_address(self._site, self._examples.space)
        where, hidden = BY_TYPE[module.type], self._unmet(module, on)
        return Entry(module, is_dynamic, where, address, hidden)

    def _unmet(self, module: Module, on: str) -> str:
        place = self._examples.place(module, on)
        unmet = unmet_condition(self._site, module, place)
        name = self._site.user.display_name
        return f"its condition {unmet} does not hold there for {name}" if unmet else ""
