"""Conditions in words, for a developer whose module is not shown."""

from collections.abc import Iterator
from typing import Any

from devhost.descriptor.condition_names import ASSUMED
from devhost.descriptor.condition_rules import composite_parts
from devhost.modules.conditions.evaluate import conditions_hold
from devhost.modules.conditions.situation import text
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.modules.module import Module, all_modules
from devhost.modules.places import Place
from devhost.site import Site


def unmet_condition(site: Site, module: Module, place: Place) -> str:
    """Return the first condition that does not hold, in words; empty if all hold."""
    conditions = module.definition.get("conditions", [])
    if not isinstance(conditions, list):
        return in_words(conditions)
    for condition in conditions:
        if not conditions_hold(site, [condition], place):
            return in_words(condition)
    return ""


def in_words(condition: Any) -> str:
    """Return a condition such as ``(has_page or not user_is_admin)``."""
    if not isinstance(condition, dict):
        return "?"
    if "condition" not in condition:
        kind, parts = _parts(condition)
        return f"({f' {kind} '.join(map(in_words, parts))})"
    words = str(condition["condition"])
    params = condition.get("params")
    if isinstance(params, dict) and params:
        given = ", ".join(f"{name}={text(params, name)}" for name in params)
        words += f"({given})"
    return f"not {words}" if condition.get("invert") is True else words


def used_switches(site: Site) -> tuple[list[str], list[str]]:
    """Return the assumed conditions and the feature flags that modules use."""
    assumed: set[str] = set()
    flags = set(site.get(ConditionSwitches).feature_flags())
    for module in all_modules(site):
        for name, params in _singles(module.definition.get("conditions")):
            if name in ASSUMED:
                assumed.add(name)
            elif name == "feature_flag" and isinstance(params, dict):
                flags.add(text(params, "featureKey"))
    return sorted(assumed), sorted(flags - {""})


def _singles(conditions: Any) -> Iterator[tuple[str, Any]]:
    for condition in conditions if isinstance(conditions, list) else []:
        if not isinstance(condition, dict):
            continue
        if "condition" in condition:
            yield str(condition["condition"]), condition.get("params")
        else:
            yield from _singles(_parts(condition)[1])


def _parts(condition: dict[str, Any]) -> tuple[str, list[Any]]:
    name, parts = composite_parts(condition) or ("and", [])
    kind = str(condition["type"]).lower() if name == "conditions" else name
    return kind, parts if isinstance(parts, list) else []
