"""Conditions as variables of a URL: ``{condition.has_page}`` becomes true or false.

https://developer.atlassian.com/cloud/confluence/context-parameters/. Parameters follow
in parentheses, as in ``{condition.feature_flag(featureKey=beta)}``, without quotation
marks: no value can contain a comma, an equals sign or a brace.
"""

import re

from devhost.modules.conditions.evaluate import single_holds
from devhost.modules.conditions.situation import Situation
from devhost.modules.places import Place
from devhost.site import Site
from devhost.site.users import User

VARIABLE = re.compile(r"\{([^{}]*)\}")
CONDITION = re.compile(r"condition\.([a-zA-Z0-9_-]+)\s*(?:\((.*)\))?")


def fill_conditions(
    site: Site, place: Place, url: str, person: User | None = None
) -> str:
    """Fill in the conditions of a module's URL, and leave every other variable.

    They are about *person*, by default the current user. A condition that is malformed
    or unknown becomes empty.
    """
    situation = Situation(site, place, person)

    def value(found: re.Match[str]) -> str:
        variable = found[1].strip()
        if not variable.startswith("condition."):
            return found[0]
        return _value(situation, variable)

    return VARIABLE.sub(value, url)


def _value(situation: Situation, variable: str) -> str:
    parsed = CONDITION.fullmatch(variable)
    params = None if parsed is None else _parameters(parsed[2] or "")
    if parsed is None or params is None:
        return ""
    holds = single_holds(situation, parsed[1], params)
    return "" if holds is None else str(holds).lower()


def _parameters(text: str) -> dict[str, object] | None:
    params: dict[str, object] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        name, *values = [each.strip() for each in part.split("=")]
        if len(values) != 1 or name in params:
            return None
        params[name] = values[0]
    return params
