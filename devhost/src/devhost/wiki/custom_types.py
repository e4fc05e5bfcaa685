"""The content types that the enabled apps declare (``customContent``).

https://developer.atlassian.com/cloud/confluence/modules/custom-content/
"""

from typing import Any

from devhost.descriptor.module_rules import static_modules
from devhost.site.app_data import DynamicModules
from devhost.site.installations import Installations
from devhost.wiki.custom_content import CustomType
from devhost.wiki.records import CUSTOM_PREFIX, RAW

TYPE = "customContent"


def type_key(app_key: str, module_key: str) -> str:
    """Return the name of a type in REST and CQL."""
    return f"{CUSTOM_PREFIX}{app_key}:{module_key}"


def declared_types(
    installations: Installations, dynamic_modules: DynamicModules
) -> dict[str, CustomType]:
    """Return the types of the enabled apps by their keys."""
    found = {}
    for app in installations.enabled():
        for modules in (
            static_modules(app.descriptor),
            dynamic_modules.all(app.app_key),
        ):
            for definition in modules.get(TYPE, []):
                each = custom_type(app.app_key, definition)
                found[each.key] = each
    return found


def custom_type(app_key: str, definition: dict[str, Any]) -> CustomType:
    """Return the type that one module declares, without malformed parts."""
    support = _object(definition.get("apiSupport"))
    return CustomType(
        key=type_key(app_key, str(definition.get("key", ""))),
        containers=_texts(support.get("supportedContainerTypes")),
        children=_texts(support.get("supportedChildTypes")),
        body=RAW if str(support.get("bodyType", "")).lower() == RAW else "storage",
        has_unique_titles=support.get("preventDuplicateTitle") is True,
        is_indexed=_object(support.get("indexing")).get("enabled") is True,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> frozenset[str]:
    given = value if isinstance(value, list) else []
    return frozenset(each for each in given if isinstance(each, str))
