"""Linter for the app descriptor: finds mistakes before a host does.

Each problem names the JSON path, what is wrong, and what to write instead.
https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/
"""

import re
from collections.abc import Iterator
from typing import Any

from ..protocol.base_url import parse_base_url
from ..protocol.scopes import KNOWN_SCOPES

MAX_APP_KEY = 64
MAX_NAME = 80

_APP_KEY = re.compile(r"[A-Za-z0-9._-]+")
_MODULE_KEY = re.compile(r"[A-Za-z0-9-]+")
_RELATIVE_URL = re.compile(r"/(?![/\\])[^\\\s]*")
_LIFECYCLE = ("installed", "uninstalled", "enabled", "disabled")
_REQUIRED_EVENTS = frozenset({"installed", "uninstalled"})
_MIGRATIONS = ("signed-install", "context-qsh")
_KEYLESS = frozenset({"webhooks", "cloudAppMigration"})
_SINGLE = frozenset({"configurePage", "postInstallPage", "cloudAppMigration"})

Module = tuple[str, str, dict[str, Any]]
"""A module's JSON path, its type, and the module itself."""


def find_problems(descriptor: dict[str, Any]) -> Iterator[str]:
    """Yield each problem with a descriptor, as text for its author."""
    yield from _identity(descriptor)
    yield from _lifecycle(descriptor)
    yield from _scopes(descriptor)
    yield from _migrations(descriptor)
    yield from _modules(descriptor)
    yield from _regions(descriptor)
    yield from _migration_path("$.cloudAppMigration", descriptor)


def iterate_modules(descriptor: dict[str, Any]) -> Iterator[Module]:
    """Yield every module that is an object, at any depth."""
    modules = descriptor.get("modules")
    for kind, value in modules.items() if isinstance(modules, dict) else ():
        if isinstance(value, dict):
            yield f"$.modules.{kind}", kind, value
        for index, module in enumerate(value if isinstance(value, list) else ()):
            if isinstance(module, dict):
                yield f"$.modules.{kind}[{index}]", kind, module


def iterate_conditions(path: str, conditions: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and name of every single condition, at any depth."""
    for index, entry in enumerate(conditions if isinstance(conditions, list) else ()):
        place = f"{path}[{index}]"
        if not isinstance(entry, dict):
            continue
        if isinstance(entry.get("condition"), str):
            yield place, entry["condition"]
        for name in ("conditions", "and", "or"):
            yield from iterate_conditions(f"{place}.{name}", entry.get(name))


def _identity(descriptor: dict[str, Any]) -> Iterator[str]:
    key, name = descriptor.get("key"), descriptor.get("name")
    if not isinstance(key, str) or not _APP_KEY.fullmatch(key):
        yield (
            "$.key is not made of letters, digits, '.', '_' and '-': "
            "write e.g. com.example.app"
        )
    elif len(key) > MAX_APP_KEY:
        yield f"$.key has {len(key)} characters: write at most {MAX_APP_KEY}"
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        yield f"$.name is missing or too long: write 1 to {MAX_NAME} characters"
    try:
        parse_base_url(str(descriptor.get("baseUrl")))
    except ValueError as error:
        yield f"$.baseUrl {error}"
    authentication = descriptor.get("authentication")
    kind = authentication.get("type") if isinstance(authentication, dict) else None
    if not isinstance(kind, str) or kind.lower() != "jwt":
        yield '$.authentication.type is not jwt: write {"type": "jwt"}'


def _lifecycle(descriptor: dict[str, Any]) -> Iterator[str]:
    lifecycle = descriptor.get("lifecycle")
    if not isinstance(lifecycle, dict):
        yield '$.lifecycle is missing: write {"installed": "/installed", ...}'
        return
    for event in _LIFECYCLE:
        url = lifecycle.get(event)
        if url != f"/{event}" and (url is not None or event in _REQUIRED_EVENTS):
            yield f'$.lifecycle.{event} is not where the app listens: write "/{event}"'
    residency = lifecycle.get("dare-migration", "/")
    if not _is_relative(residency):
        yield (
            "$.lifecycle.dare-migration is not relative to baseUrl: "
            'write e.g. "/dare-migration"'
        )


def _scopes(descriptor: dict[str, Any]) -> Iterator[str]:
    scopes = descriptor.get("scopes", [])
    if not isinstance(scopes, list):
        yield '$.scopes is not a list: write e.g. ["READ"]'
        return
    for index, scope in enumerate(scopes):
        if not isinstance(scope, str) or scope.upper() not in KNOWN_SCOPES:
            known = ", ".join(sorted(KNOWN_SCOPES))
            yield f"$.scopes[{index}] is not a scope: write one of {known}"


def _migrations(descriptor: dict[str, Any]) -> Iterator[str]:
    migrations = descriptor.get("apiMigrations")
    for name in _MIGRATIONS:
        if not isinstance(migrations, dict) or migrations.get(name) is not True:
            yield (
                f"$.apiMigrations.{name} is not true: write true, "
                "or the host signs in a way that is refused here"
            )


def _modules(descriptor: dict[str, Any]) -> Iterator[str]:
    modules = descriptor.get("modules")
    if not isinstance(modules, dict):
        yield "$.modules is missing: write an object of modules"
        return
    for kind, value in modules.items():
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, dict) for entry in entries):
            yield f"$.modules.{kind} is not a list of objects: write [{{...}}]"
        elif kind in _SINGLE and isinstance(value, list):
            yield f"$.modules.{kind} is a list: write one object, {{...}}"
    seen: dict[str, str] = {}
    for path, kind, module in iterate_modules(descriptor):
        yield from _module_key(path, kind, module, seen)
        yield from _module_url(path, kind, module)
        yield from _module_cache(path, module)
        if kind == "cloudAppMigration":
            yield from _migration_path(path, {kind: module})


def _module_key(
    path: str, kind: str, module: dict[str, Any], seen: dict[str, str]
) -> Iterator[str]:
    key = module.get("key")
    if key is None and kind in _KEYLESS:
        return
    if not isinstance(key, str) or not _MODULE_KEY.fullmatch(key):
        yield (f"{path}.key is not made of letters, digits and '-': write e.g. my-page")
    elif key in seen:
        yield f"{path}.key is taken by {seen[key]}: write another"
    else:
        seen[key] = path


def _module_url(path: str, kind: str, module: dict[str, Any]) -> Iterator[str]:
    if "url" not in module:
        return
    url = module["url"]
    if is_external_link(kind, url):
        return
    if not _is_relative(url):
        yield f'{path}.url is not relative to baseUrl: write e.g. "/page"'


def _module_cache(path: str, module: dict[str, Any]) -> Iterator[str]:
    cacheable = module.get("cacheable", False)
    if not isinstance(cacheable, bool):
        yield f"{path}.cacheable is neither true nor false: write true"
    elif cacheable and "{" in str(module.get("url")):
        yield (
            f"{path}.url has variables, which the host leaves as they are in a "
            "cacheable module: ask the bridge for them"
        )


def _regions(descriptor: dict[str, Any]) -> Iterator[str]:
    """Yield each problem with the base URLs for data residency.

    https://developer.atlassian.com/cloud/confluence/data-residency/
    """
    regions = descriptor.get("regionBaseUrls", {})
    if not isinstance(regions, dict):
        yield '$.regionBaseUrls is not an object: write e.g. {"EU": "https://..."}'
        return
    for region, url in regions.items():
        try:
            parse_base_url(str(url))
        except ValueError as error:
            yield f"$.regionBaseUrls.{region} {error}"


def _migration_path(path: str, parent: dict[str, Any]) -> Iterator[str]:
    migration = parent.get("cloudAppMigration", {})
    name = "migrationWebhookPath"
    if not isinstance(migration, dict):
        yield f'{path} is not an object: write {{"{name}": "/migration"}}'
    elif migration and not _is_relative(migration.get(name)):
        yield f'{path}.{name} is not relative to baseUrl: write e.g. "/migration"'


def _is_relative(url: Any) -> bool:
    return isinstance(url, str) and _RELATIVE_URL.fullmatch(url) is not None


def is_external_link(kind: str, url: Any) -> bool:
    """Say whether a web item only links to another site, which is allowed."""
    return kind == "webItems" and isinstance(url, str) and url.startswith("https://")
