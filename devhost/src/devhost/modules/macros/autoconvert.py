"""Autoconvert: macros that replace a URL pasted into a page.

https://developer.atlassian.com/cloud/confluence/modules/dynamic-content-macro/
Assumed: ``{}`` in a pattern stands for one or more characters; the first match wins.
"""

import re
from typing import Any

from devhost.modules.macros.definitions import MacroDefinition
from devhost.wiki.storage_format import Macro


def converted(definitions: list[MacroDefinition], url: str) -> Macro | None:
    """Return the macro for *url*, None if no app's pattern matches."""
    for definition in definitions:
        declared = definition.module.definition.get("autoconvert")
        if isinstance(declared, dict) and _fits(declared.get("matchers"), url):
            parameters = definition.defaults()
            name = declared.get("urlParameter")
            if isinstance(name, str):
                parameters[name] = url
            return Macro("", definition.name, parameters, "", definition.body_type)
    return None


def _fits(matchers: Any, url: str) -> bool:
    every = matchers if isinstance(matchers, list) else []
    patterns = [each.get("pattern") for each in every if isinstance(each, dict)]
    return any(isinstance(each, str) and _matches(each, url) for each in patterns)


def _matches(pattern: str, url: str) -> bool:
    # One pass over the fixed parts, because an app's pattern must not take forever.
    parts = pattern.split("{}")
    if len(parts) == 1:
        return pattern == url
    if not url.startswith(parts[0]):
        return False
    place = len(parts[0])
    for part in parts[1:-1]:
        found = url.find(part, place + 1)
        if found < 0:
            return False
        place = found + len(part)
    return url.endswith(parts[-1]) and len(url) - len(parts[-1]) > place


def is_url(text: str) -> bool:
    """Whether pasted text is a single URL."""
    return bool(re.fullmatch(r"https?://\S{1,2000}", text))
