"""Content property indexes: the values that apps want CQL to find.

https://developer.atlassian.com/cloud/confluence/modules/content-property/
"""

from collections.abc import Iterator
from typing import Any

from devhost.modules.module import Module, all_modules
from devhost.site import Site
from devhost.wiki.cql_fields import PROPERTY_OPERATORS, PropertyField

TYPE = "confluenceContentProperties"


def property_fields(site: Site) -> dict[str, PropertyField]:
    """Return the fields of CQL that the enabled apps declare, by name and alias."""
    return {
        name: field
        for module in all_modules(site)
        if module.type == TYPE
        for name, field in fields_of(module)
    }


def fields_of(module: Module) -> Iterator[tuple[str, PropertyField]]:
    """Yield every name of every value that one module declares.

    A name is ``content.property[key].path`` or an alias. Declarations that the host
    would not understand are left out.
    """
    for configuration in _objects(module.definition.get("keyConfigurations")):
        key = configuration.get("propertyKey")
        for extraction in _objects(configuration.get("extractions")):
            path, alias = extraction.get("objectName"), extraction.get("alias")
            kind = str(extraction.get("type", "")).lower()
            if not isinstance(key, str) or not isinstance(path, str):
                continue
            if kind not in PROPERTY_OPERATORS or not _is_name(key, path):
                continue
            field = PropertyField(key, path, kind)
            yield f"content.property[{key}].{path}", field
            if isinstance(alias, str) and alias:
                yield alias, field


def _is_name(key: str, path: str) -> bool:
    # Only names that SQLite's JSON path accepts and that can be bound as text.
    is_path = all(path.split(".")) and '"' not in path
    return is_path and key.isprintable() and path.isprintable()


def _objects(value: Any) -> list[dict[str, Any]]:
    given = value if isinstance(value, list) else []
    return [each for each in given if isinstance(each, dict)]
