"""Modules of the installed apps, static and dynamic."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devhost.descriptor.module_rules import is_relative, static_modules
from devhost.site import CONTEXT_PATH, Site
from devhost.site.app_data import DynamicModules
from devhost.site.installations import Installation, Installations

PAGE_TYPES = frozenset(
    {
        "generalPages",
        "adminPages",
        "configurePage",
        "postInstallPage",
        "spaceToolsTabs",
    }
)
# Types whose url is followed like a link's, unless they have a target.
LINK_TYPES = frozenset({"webItems", "contentBylineItems"})
# Types that an app has at most one of.
SINGLE_PAGES = ("configurePage", "postInstallPage")
MACRO_TYPE = "dynamicContentMacros"
STATIC_MACRO_TYPE = "staticContentMacros"
DEFAULT_WEIGHT = 100


def text_of(value: Any) -> str:
    """Return the text of an i18n property, ``{"value": "My page"}``, or ""."""
    text = value.get("value") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


@dataclass(frozen=True)
class Module:
    """One module of an installed app."""

    app: Installation
    type: str
    definition: dict[str, Any]
    context_path: str = CONTEXT_PATH

    @property
    def key(self) -> str:
        """The module key; empty for a webhook without one."""
        return str(self.definition.get("key", ""))

    @property
    def title(self) -> str:
        """The name that people see."""
        return text_of(self.definition.get("name")) or self.key

    @property
    def description(self) -> str:
        """The module's description, which may be empty."""
        return text_of(self.definition.get("description"))

    @property
    def url(self) -> str:
        """The URL as the module declares it."""
        return str(self.definition.get("url", ""))

    @property
    def location(self) -> str:
        """Where the module asks to be shown."""
        return str(self.definition.get("location", ""))

    @property
    def weight(self) -> int:
        """Its place among its neighbours; light modules come first."""
        weight = self.definition.get("weight")
        return weight if isinstance(weight, int) else DEFAULT_WEIGHT

    @property
    def is_page(self) -> bool:
        """Whether the module opens as a page in the site's chrome."""
        if self.type in LINK_TYPES:
            context = str(self.definition.get("context", "addon")).lower()
            return bool(self.url) and is_relative(self.url) and context == "addon"
        return self.type in PAGE_TYPES

    @property
    def address(self) -> str:
        """The address of a link to this module."""
        if self.is_page:
            key = f"{self.app.app_key}/{self.key}"
            return f"{self.context_path}/plugins/servlet/ac/{key}"
        if is_relative(self.url):
            path = "/" + self.url.lstrip("/")
            inside = path.startswith(self.context_path + "/")
            return path if inside else self.context_path + path
        return self.url


def modules_of(site: Site, app: Installation) -> Iterator[Module]:
    """Yield the modules of one app, static ones first."""
    for modules in (
        static_modules(app.descriptor),
        site.get(DynamicModules).all(app.app_key),
    ):
        for module_type, definitions in modules.items():
            for definition in definitions:
                yield Module(app, module_type, definition, site.context_path)


def all_modules(site: Site) -> list[Module]:
    """Return the modules of every enabled app."""
    return [
        module
        for app in site.get(Installations).enabled()
        for module in modules_of(site, app)
    ]


def find_module(site: Site, app: Installation, key: str) -> Module | None:
    """Return a module of one app by its key, None if there is no such module."""
    for module in modules_of(site, app):
        if module.key == key and key:
            return module
    return None


def single_page(site: Site, app: Installation, module_type: str) -> Module | None:
    """Return the app's ``configurePage`` or ``postInstallPage``, or None."""
    found = (each for each in modules_of(site, app) if each.type == module_type)
    return next(found, None)


def hidden_modules(site: Site, app: Installation) -> dict[str, int]:
    """Return the number of modules by type, for types this product does not show."""
    types = [module.type for module in modules_of(site, app)]
    return {
        each: types.count(each)
        for each in dict.fromkeys(types)
        if not site.product.shows(each)
    }


def first_page(site: Site, app: Installation) -> Module | None:
    """Return the page to open for this app, None if it has no page."""
    pages = [module for module in modules_of(site, app) if module.is_page]
    pages.sort(key=lambda module: module.type != "generalPages")
    return pages[0] if pages else None
