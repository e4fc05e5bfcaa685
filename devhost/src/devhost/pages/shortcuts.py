"""Keyboard shortcuts that apps bring.

https://developer.atlassian.com/cloud/confluence/modules/keyboard-shortcut/: a
sequence of one to three letters stands for another module of the app: it opens a
general page or a dialog, or clicks a web item that is on the page.
"""

import re
from typing import Any

from devhost.modules.module import Module, text_of
from devhost.pages.links import dialog_classes
from devhost.pages.placement import Placement

TYPE = "keyboardShortcuts"
KEYS = re.compile(r"[a-z]{1,3}")


def shortcuts(placed: Placement) -> list[dict[str, Any]]:
    """Return what our page's script needs for every shortcut that has a target."""
    found = [(each, target_of(each, placed.modules)) for each in placed.of_type(TYPE)]
    return [
        {
            "keys": keys_of(shortcut),
            "name": shortcut.title,
            "app": shortcut.app.name,
            **_action(target),
        }
        for shortcut, target in found
        if target is not None and KEYS.fullmatch(keys_of(shortcut))
    ]


def keys_of(shortcut: Module) -> str:
    """Return the letters of a shortcut."""
    return str(shortcut.definition.get("shortcut", ""))


def target_of(shortcut: Module, modules: list[Module]) -> Module | None:
    """Return the module that a shortcut names, None if its app has no such module."""
    target = shortcut.definition.get("target")
    key = target.get("key") if isinstance(target, dict) else None
    for module in modules:
        same_app = module.app.app_key == shortcut.app.app_key
        if same_app and key and module.key == key and module.type != TYPE:
            return module
    return None


def problem_of(shortcut: Module, modules: list[Module]) -> str:
    """Return why a shortcut does nothing; empty if it works."""
    if not text_of(shortcut.definition.get("name")):
        return "it has no name"
    if not KEYS.fullmatch(keys_of(shortcut)):
        return "its shortcut must be one to three small letters"
    if target_of(shortcut, modules) is None:
        return "its target.key names no other module of the app"
    return ""


def _action(target: Module) -> dict[str, str]:
    if target.type == "generalPages":
        return {"address": target.address}
    if target.type == "dialogs":
        return {"classes": " ".join(dialog_classes(target))}
    return {"click": f"{target.app.app_key}/{target.key}"}
