"""Conditions about the properties that an app stores on itself or on content.

``value`` is JSON in a string, as Confluence reads it; a text that is not JSON
stands for itself. ``objectName`` is a path such as ``settings.enabled`` into the
value of the property.
"""

import json
from typing import Any

from devhost.descriptor.condition_names import PROPERTY_OWNERS, PROPERTY_QUESTIONS
from devhost.modules.conditions.situation import Params, Situation, text
from devhost.protocol.strict_json import parse_json
from devhost.site.app_data import AppProperties
from devhost.wiki import Wiki

# There is no such property, or no such member in it; null would be a value.
NOTHING = object()


def split_name(name: str) -> tuple[str, str] | None:
    """Return the owner and the question of a property condition's name."""
    owner, found, question = name.partition("_property_")
    known = (*PROPERTY_OWNERS, "entity")
    if found and owner in known and question in PROPERTY_QUESTIONS:
        return owner, question
    return None


def judge(situation: Situation, owner: str, question: str, params: Params) -> bool:
    """Evaluate a property condition; False where the place has no such owner."""
    if owner == "entity":
        owner = text(params, "entity")
    actual = _member(
        _property(situation, owner, text(params, "propertyKey")),
        text(params, "objectName"),
    )
    if actual is NOTHING:
        return False
    if question == "exists":
        return True
    if question == "equal_to":
        has_path = bool(text(params, "objectName"))
        return _equals(actual, _expected(params), has_path=has_path)
    if question in {"contains_any", "contains_all"}:
        return _contains(actual, _expected(params), all_of=question == "contains_all")
    if question == "contains_any_user_group":
        return _contains(actual, _groups(situation), all_of=False)
    variable = text(params, "contextParameter")
    context = situation.variables.get(variable, "")
    candidates = _items(actual) if question == "contains_context" else [actual]
    return bool(context) and context in [_plain(each) for each in candidates]


def _property(situation: Situation, owner: str, key: str) -> Any:
    if owner == "addon":
        stored = situation.site.get(AppProperties).find(situation.app.app_key, key)
        return NOTHING if stored is None else json.loads(stored)
    thing = {"content": situation.content, "space": situation.space}.get(owner)
    found = thing and situation.site.get(Wiki).properties.find(thing, key)
    return found.value if found else NOTHING


def _member(value: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        if not isinstance(value, dict) or name not in value:
            return NOTHING
        value = value[name]
    return value


def _expected(params: Params) -> Any:
    value = params.get("value", "")
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value.encode("utf-8", "surrogatepass"))
    except ValueError:
        return value


def _equals(actual: Any, expected: Any, *, has_path: bool) -> bool:
    if _same(actual, expected):
        return True
    # Connect once compared text: a property "true" still equals the value true.
    is_scalar = not isinstance(expected, dict | list)
    return (
        not has_path
        and is_scalar
        and isinstance(actual, str)
        and actual == _plain(expected)
    )


def _contains(actual: Any, expected: Any, *, all_of: bool) -> bool:
    items = _items(actual)
    found = [any(_same(item, wanted) for item in items) for wanted in _items(expected)]
    return bool(found) and (all(found) if all_of else any(found))


def _groups(situation: Situation) -> list[str]:
    account_id = situation.user.account_id
    groups = situation.site.get(Wiki).groups.of(account_id) if account_id else []
    return [name for group in groups for name in (group.name, group.id)]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _same(one: Any, other: Any) -> bool:
    # Not ==, which treats true as equal to 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
