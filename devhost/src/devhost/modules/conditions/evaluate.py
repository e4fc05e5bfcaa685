"""Evaluation of a module's conditions for the current user in a place."""

import logging
from collections.abc import Sequence
from typing import Any

from devhost.descriptor.condition_names import ASSUMED, RULES, is_remote
from devhost.descriptor.condition_rules import composite_parts
from devhost.modules.conditions import judges, property_conditions
from devhost.modules.conditions.remote import remote_holds
from devhost.modules.conditions.situation import Params, Situation
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.modules.module import Module
from devhost.modules.places import Place
from devhost.site import Site
from devhost.site.products import CONFLUENCE

logger = logging.getLogger("devhost")


def conditions_hold(
    site: Site, module_or_conditions: Module | Sequence[Any], place: Place
) -> bool:
    """Return whether every condition of a module holds for the current user.

    *place* is where the module would be shown. A condition about a page or a space does
    not hold in a place without one, and so its inversion does. A condition that
    ``devhost.descriptor.condition_rules`` would refuse does not hold; the conditions
    that only another product knows do.
    """
    conditions: Any = module_or_conditions
    if isinstance(module_or_conditions, Module):
        conditions = module_or_conditions.definition.get("conditions", [])
    return _all_hold(Situation(site, place), conditions)


def _all_hold(situation: Situation, conditions: Any) -> bool:
    return isinstance(conditions, list | tuple) and all(
        _holds(situation, condition) for condition in conditions
    )


def _any_holds(situation: Situation, conditions: Any) -> bool:
    return isinstance(conditions, list | tuple) and any(
        _holds(situation, condition) for condition in conditions
    )


def _holds(situation: Situation, condition: Any) -> bool:
    if not isinstance(condition, dict):
        return False
    if "condition" in condition:
        params = condition.get("params", {})
        answer = single_holds(
            situation,
            str(condition["condition"]),
            params if isinstance(params, dict) else {},
        )
        if answer is None:
            # Only Confluence's list of conditions is complete here.
            return situation.site.product != CONFLUENCE
        return answer != (condition.get("invert") is True)
    parts = composite_parts(condition)
    if parts is None:
        return False
    name, conditions = parts
    kind = str(condition["type"]).lower() if name == "conditions" else name
    hold = _any_holds if kind == "or" else _all_hold
    return hold(situation, conditions)


def single_holds(situation: Situation, name: str, params: Params) -> bool | None:
    """Return whether one condition holds, None for an unknown one."""
    if judge := judges.JUDGES.get(name):
        return judge(situation, params)
    if name in ASSUMED:
        return situation.site.get(ConditionSwitches).assume(name)
    if parts := property_conditions.split_name(name):
        return property_conditions.judge(situation, *parts, params)
    if name in RULES and (target := judges.permission_target(name)):
        return judges.has_permission(situation, target, params)
    if is_remote(name):
        return remote_holds(situation, name)
    logger.warning(
        "%s of %s has the unknown condition %s",
        situation.place.module.key,
        situation.app.app_key,
        name.encode("unicode_escape").decode(),
    )
    return None
