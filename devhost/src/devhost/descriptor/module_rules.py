"""Validation of a module, in the descriptor and in a dynamic registration."""

import re
from collections.abc import Iterator
from typing import Any

from devhost.descriptor.condition_rules import conditions_problems
from devhost.site.products import CONFLUENCE, Product

REQUIRED_PROPERTIES: dict[str, tuple[str, ...]] = {
    "generalPages": ("key", "name", "url"),
    "adminPages": ("key", "name", "url"),
    "spaceToolsTabs": ("key", "name", "url"),
    "webItems": ("key", "name", "location"),
    "webPanels": ("key", "name", "location", "url"),
    "webSections": ("key", "name", "location"),
    "dialogs": ("key", "url"),
    "dynamicContentMacros": ("key", "name", "url"),
    "staticContentMacros": ("key", "name", "url"),
    "contentBylineItems": ("key", "name"),
    "blueprints": ("key", "name", "template"),
    "customContent": ("key", "name"),
    "confluenceContentProperties": ("key", "name"),
    "confluenceThemes": ("key", "name"),
    "keyboardShortcuts": ("key",),
    "publishConditions": ("key",),
    "webhooks": ("event", "url"),
}
# One object instead of an array, and so in the descriptor only.
SINGLE_MODULES: dict[str, tuple[str, ...]] = {
    "configurePage": ("key", "name", "url"),
    "postInstallPage": ("key", "name", "url"),
    "cloudAppMigration": (),
}
MODULE_KEY = re.compile(r"[a-zA-Z0-9-]+")
URL_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def is_relative(url: str) -> bool:
    """Whether *url* is relative to the app's base URL."""
    return URL_SCHEME.match(url) is None


def static_modules(descriptor: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the descriptor's modules, with a single one as an array of one."""
    modules = descriptor.get("modules", {})
    return {
        module_type: entries if isinstance(entries, list) else [entries]
        for module_type, entries in modules.items()
    }


def module_keys(modules: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the key of every module that has one, including repeated keys."""
    return [
        module["key"]
        for entries in modules.values()
        for module in entries
        if "key" in module
    ]


def duplicates(keys: list[str]) -> list[str]:
    """Return the keys that occur more than once, in order."""
    return list(dict.fromkeys(key for key in keys if keys.count(key) > 1))


def array_problems(
    modules: dict[str, Any], *, where: str = "", product: Product = CONFLUENCE
) -> Iterator[str]:
    """Yield what is wrong with the array modules of *modules*."""
    for module_type, entries in modules.items():
        place = f"{where}{module_type}"
        is_product_type = product.accepts(module_type)
        required = REQUIRED_PROPERTIES.get(module_type, () if is_product_type else None)
        if required is None:
            yield f"{place}: an unknown module ({module_type})"
        elif not isinstance(entries, list):
            yield f"{place}: must be an array of objects"
        else:
            for number, module in enumerate(entries):
                yield from module_problems(
                    module,
                    where=f"{place}[{number}]",
                    required=required,
                    absolute_url_allowed=module_type == "webItems",
                    product=product,
                )


def module_problems(
    module: Any,
    *,
    where: str,
    required: tuple[str, ...],
    absolute_url_allowed: bool = False,
    product: Product = CONFLUENCE,
) -> Iterator[str]:
    """Yield what is wrong with one module."""
    if not isinstance(module, dict):
        yield f"{where}: must be an object"
        return
    for name in required:
        if name not in module:
            yield f"{where}.{name}: is required"
    yield from _key_problems(module, where)
    yield from _name_problems(module, where)
    yield from _url_problems(module, where, absolute_url_allowed)
    if "conditions" in module:
        conditions = module["conditions"]
        yield from conditions_problems(conditions, f"{where}.conditions", product)


def _key_problems(module: dict[str, Any], where: str) -> Iterator[str]:
    key = module.get("key", "-")
    if not isinstance(key, str) or not MODULE_KEY.fullmatch(key):
        yield f"{where}.key: must match ^{MODULE_KEY.pattern}$"


def _name_problems(module: dict[str, Any], where: str) -> Iterator[str]:
    name = module.get("name", {"value": "-"})
    value = name.get("value") if isinstance(name, dict) else None
    if not isinstance(value, str) or not value:
        yield f'{where}.name: must be an object such as {{"value": "My page"}}'
    location = module.get("location", "")
    if not isinstance(location, str) or len(location) > 100:
        yield f"{where}.location: must be a string of at most 100 characters"


def _url_problems(
    module: dict[str, Any], where: str, absolute_url_allowed: bool
) -> Iterator[str]:
    url = module.get("url", "/")
    if not isinstance(url, str) or not url:
        yield f"{where}.url: must be a string"
    elif absolute_url_allowed and url.startswith(("http://", "https://")):
        return
    elif not is_relative(url):
        yield f"{where}.url: must be relative to baseUrl, such as /my-page"
