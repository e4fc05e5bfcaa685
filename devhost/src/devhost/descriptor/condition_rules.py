"""Validation of a module's ``conditions``."""

import difflib
from collections.abc import Iterator
from typing import Any

from devhost.descriptor.condition_names import PROPERTY_OWNERS, RULES, is_remote
from devhost.site.products import CONFLUENCE, Product

# A descriptor comes from outside; no real app nests as deeply as this.
MAX_DEPTH = 20
MAX_LENGTH = 100
COMPOSITE_TYPES = ("and", "or")
EXAMPLE = '{"condition": "user_is_logged_in"}'


def conditions_problems(
    conditions: Any, where: str, product: Product = CONFLUENCE
) -> Iterator[str]:
    """Yield what is wrong with the array ``conditions`` of a module.

    Names and parameters are known for Confluence only.
    """
    yield from _array_problems(conditions, where, product, MAX_DEPTH)


def _array_problems(
    conditions: Any, where: str, product: Product, depth: int
) -> Iterator[str]:
    if not isinstance(conditions, list):
        yield f"{where}: must be an array such as [{EXAMPLE}]"
    elif depth == 0:
        yield f"{where}: nested more than {MAX_DEPTH} levels deep"
    else:
        for number, condition in enumerate(conditions):
            place = f"{where}[{number}]"
            yield from _condition_problems(condition, place, product, depth - 1)


def _condition_problems(
    condition: Any, where: str, product: Product, depth: int
) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield f"{where}: must be an object such as {EXAMPLE}"
    elif "condition" in condition:
        yield from _single_problems(condition, where, product)
    elif "and" in condition and "or" in condition:
        yield f'{where}: write either "and" or "or", and nest the other in it'
    elif parts := composite_parts(condition):
        name, conditions = parts
        yield from _array_problems(conditions, f"{where}.{name}", product, depth)
    else:
        yield (
            f'{where}: write "condition" with a name, or "and" or "or" with an array '
            "of conditions"
        )


def composite_parts(condition: dict[str, Any]) -> tuple[str, Any] | None:
    """Return the name and value of a composite's conditions, None for a single one.

    Connect writes ``{"or": [...]}`` or ``{"type": "or", "conditions": [...]}``.
    """
    kind = condition.get("type")
    if isinstance(kind, str) and kind.lower() in COMPOSITE_TYPES:
        return "conditions", condition.get("conditions")
    for name in COMPOSITE_TYPES:
        if name in condition:
            return name, condition[name]
    return None


def _single_problems(
    condition: dict[str, Any], where: str, product: Product
) -> Iterator[str]:
    name, params = condition["condition"], condition.get("params", {})
    if not isinstance(condition.get("invert", False), bool):
        yield f"{where}.invert: must be true or false"
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_LENGTH:
        yield f"{where}.condition: must be a string of 1 to {MAX_LENGTH} characters"
    elif not isinstance(params, dict):
        yield f'{where}.params: must be an object such as {{"propertyKey": "my-key"}}'
    elif is_remote(name) or product != CONFLUENCE:
        return
    elif name.startswith(("//", "http://", "https://")):
        yield f"{where}.condition: write the path of the app only, such as /condition"
    elif name not in RULES:
        yield f"{where}.condition: {_unsupported(name)}"
    else:
        yield from _parameter_problems(name, params, where)


def _unsupported(name: str) -> str:
    message = f"an unsupported condition ({name})"
    if similar := difflib.get_close_matches(name, RULES, n=1):
        return f"{message}; write {similar[0]}, if that is what is meant"
    return f"{message}; write one of docs/modules-and-conditions.md"


def _parameter_problems(name: str, params: dict[str, Any], where: str) -> Iterator[str]:
    rule = RULES[name]
    for required in rule.required:
        if required not in params:
            yield f"{where}.params.{required}: is required by {name}"
    for parameter, value in params.items():
        if parameter != "value" and not isinstance(value, str | int | bool):
            yield f"{where}.params.{parameter}: must be a string"
    permission = str(params.get("permission", "")).upper()
    if rule.choices and permission not in ("", *rule.choices):
        choices = ", ".join(rule.choices)
        yield f"{where}.params.permission: write one of {choices}"
    entity = params.get("entity", "addon")
    if "entity" in rule.required and entity not in PROPERTY_OWNERS:
        yield f"{where}.params.entity: write one of {', '.join(PROPERTY_OWNERS)}"
