"""The macro browser and the macro editors of a page, as JSON."""

from typing import Any

from devhost.modules.macros.definitions import (
    MacroDefinition,
    Parameter,
    all_macros,
    macro_named,
    text_of,
)
from devhost.modules.module import Module
from devhost.site import Site
from devhost.wiki.storage_format import Macro


def choices(site: Site) -> list[dict[str, Any]]:
    """Return every macro of the apps as JSON, featured ones first."""
    every = [describe(each) for each in all_macros(site)]
    return sorted(every, key=lambda one: (not one["isFeatured"], one["title"].lower()))


def describe(definition: MacroDefinition) -> dict[str, Any]:
    """Return a macro as JSON."""
    module = definition.module
    return {
        "appKey": module.app.app_key,
        "appName": module.app.name,
        "name": definition.name,
        "title": module.title,
        "description": definition.description,
        "icon": picture(module, "icon"),
        "placeholder": picture(module, "imagePlaceholder"),
        "categories": list(definition.categories),
        "isFeatured": definition.is_featured,
        "isHidden": definition.is_hidden,
        "isStatic": definition.is_static,
        "bodyType": definition.body_type,
        "parameters": [_parameter(each) for each in definition.parameters],
        "editor": _editor(module),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "identifier": parameter.identifier,
        "name": parameter.name,
        "type": parameter.type,
        "description": parameter.description,
        "default": parameter.default,
        "isRequired": parameter.is_required,
        "isMultiple": parameter.is_multiple,
        "isHidden": parameter.is_hidden,
        "values": list(parameter.values),
    }


def picture(module: Module, name: str) -> dict[str, Any] | None:
    """Return address and size of the icon or the placeholder, None if there is none."""
    declared = module.definition.get(name)
    url = declared.get("url") if isinstance(declared, dict) else None
    if not isinstance(url, str) or not isinstance(declared, dict):
        return None
    if not url.startswith(("http://", "https://")):
        url = f"{module.app.base_url}/{url.lstrip('/')}"
    sizes = {side: declared.get(side) for side in ("width", "height")}
    known = {side: size for side, size in sizes.items() if isinstance(size, int)}
    return {"url": url, **known}


def _editor(module: Module) -> dict[str, Any] | None:
    declared = editor_of(module)
    if declared is None:
        return None
    return {
        "insertTitle": text_of(declared.get("insertTitle")) or f"Insert {module.title}",
        "editTitle": text_of(declared.get("editTitle")) or f"Edit {module.title}",
        "width": _size(declared.get("width")),
        "height": _size(declared.get("height")),
    }


def editor_of(module: Module) -> dict[str, Any] | None:
    """Return a macro's declaration of its own editor, None if there is none."""
    declared = module.definition.get("editor")
    if not isinstance(declared, dict) or not isinstance(declared.get("url"), str):
        return None
    return declared


def _size(declared: Any) -> str | None:
    text = str(declared) if isinstance(declared, int | str) else ""
    return text + "px" if text.isdigit() else text or None


def carried(site: Site, macros: list[Macro]) -> list[dict[str, Any]]:
    """Return the macros of a body as JSON, in order, including Confluence's own."""
    definitions = all_macros(site)
    lines = []
    for index, macro in enumerate(macros):
        definition = macro_named(definitions, macro.name)
        lines.append(
            {
                "index": index,
                "id": macro.id,
                "name": macro.name,
                "parameters": macro.parameters,
                "body": macro.body,
                "definition": definition and describe(definition),
            }
        )
    return lines
