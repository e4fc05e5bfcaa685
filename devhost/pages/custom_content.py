"""The lists of an app's own content types, in the side bar of a space.

https://developer.atlassian.com/cloud/confluence/modules/custom-content-ui-support/:
``uiSupport.listViewComponent`` names a general page. The local Confluence cannot
keep such contents; an app's page that lists them is shown all the same.
"""

from typing import Any

from devhost.modules import Module

TYPE = "customContent"


def list_page(declared: Module, modules: list[Module]) -> Module | None:
    """Return the general page that lists contents of a type; None without one."""
    support = _object(declared.definition.get("uiSupport"))
    component = _object(support.get("listViewComponent"))
    app_key = component.get("addonKey") or declared.app.app_key
    types = _object(declared.definition.get("apiSupport")).get(
        "supportedContainerTypes", []
    )
    if not isinstance(types, list) or "space" not in types:
        return None
    for module in modules:
        is_named = module.key and module.key == component.get("moduleKey")
        if is_named and module.app.app_key == app_key:
            return module if module.type == "generalPages" else None
    return None


def appearance(declared: Module) -> dict[str, Any]:
    """Return the name and the icon of the link to that page."""
    icons = _object(_object(declared.definition.get("uiSupport")).get("icons"))
    icon = icons.get("list") or icons.get("item")
    return {"name": declared.definition.get("name"), "icon": icon}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
