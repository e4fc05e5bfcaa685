"""Settings of the modules that open as dialogs, in the form connect-host.js reads."""

from typing import Any

from devhost.modules.module import Module, all_modules
from devhost.site import Site

# The bridge's own names, members of the page's window._AP.
WEB_ITEM_SETTINGS = {
    "dialog": "dialogOptions",
    "dialogmodule": "dialogOptions",
    "inlinedialog": "inlineDialogOptions",
}


def dialog_settings(site: Site) -> dict[str, Any]:
    """Return the options of every ``dialogs`` module and web item with a target.

    https://developer.atlassian.com/cloud/confluence/modules/dialog/ and
    https://developer.atlassian.com/cloud/confluence/modules/web-item/
    """
    settings: dict[str, Any] = {
        "dialogModules": {},
        "dialogOptions": {},
        "inlineDialogOptions": {},
    }
    for module in all_modules(site):
        if module.type == "dialogs":
            of_app = settings["dialogModules"].setdefault(module.app.app_key, {})
            of_app[module.key] = {"options": _options(module.definition)}
        else:
            _add_target(settings, module)
    return settings


def _add_target(settings: dict[str, Any], module: Module) -> None:
    target = module.definition.get("target")
    kind = str(target.get("type", "")).lower() if isinstance(target, dict) else ""
    if isinstance(target, dict) and kind in WEB_ITEM_SETTINGS:
        name = f"{module.app.app_key}__{module.key}"
        settings[WEB_ITEM_SETTINGS[kind]][name] = _options(target)


def _options(definition: dict[str, Any]) -> dict[str, Any]:
    options = definition.get("options")
    return dict(options) if isinstance(options, dict) else {}
