"""The fields of CQL, and the comparisons that each allows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Never

FIELDS = {
    "space": "space",
    "space.key": "space",
    "type": "type",
    "title": "title",
    "text": "text",
    "siteSearch": "text",
    "label": "label",
    "id": "id",
    "content": "id",
    "parent": "parent",
    "ancestor": "ancestor",
    "container": "container",
    "creator": "creator",
}
TEXT_FIELDS = frozenset({"title", "text"})
EXACT_FIELDS = frozenset(FIELDS.values()) - {"text"}
# Fields of Confluence's that are not supported here.
KNOWN_FIELDS = frozenset(
    "contributor created lastmodified favourite favorite macro mention watcher user"
    " space.title space.type space.category space.favourite space.favorite relevance"
    " user.fullname user.accountid sitesearch".split()
)
PROPERTY = "property"
PROPERTY_OPERATORS = {
    "string": frozenset({"="}),
    "text": frozenset({"~"}),
    "number": frozenset({"=", "<", "<=", ">", ">="}),
    "date": frozenset({"=", "<", "<=", ">", ">="}),
}


class CqlError(Exception):
    """The query cannot be understood; the message says where."""


class CqlNotHereError(CqlError):
    """The query is valid CQL that the local host does not support."""


@dataclass(frozen=True)
class PropertyField:
    """A value in a content property: its key, the value's dotted path and type.

    The type is string, text, number or date.
    """

    key: str
    path: str
    type: str


@dataclass(frozen=True)
class Condition:
    """One comparison; ``~`` and ``=`` have one value, ``in`` any number."""

    field: str
    operator: str
    values: tuple[str, ...]
    property: PropertyField | None = None


def refuse_field(name: str) -> Never:
    """Refuse an unknown field; tell the rest of CQL from nonsense."""
    if name.startswith("content.property["):
        raise CqlError(
            f"Unknown field {name} in the query: no enabled app declares it"
            " (confluenceContentProperties)"
        )
    if name.lower() in KNOWN_FIELDS:
        raise CqlNotHereError(f"The field {name} of CQL")
    raise CqlError(f"Unknown field {name} in the query")


def check_property(name: str, found: PropertyField, condition: Condition) -> None:
    """Refuse comparisons that a property value's type does not allow."""
    if condition.operator not in PROPERTY_OPERATORS[found.type]:
        raise CqlError(
            f"The operator {condition.operator} is not supported for the field {name},"
            f" a {found.type}"
        )
    for value in condition.values:
        try:
            if found.type == "number":
                float(value)
            elif found.type == "date":
                datetime.fromisoformat(value)
        except ValueError as error:
            raise CqlError(f"{value} is not a {found.type} for {name}") from error


def check_operator(name: str, condition: Condition) -> None:
    """Refuse an operator that one of Confluence's own fields does not have."""
    fields = TEXT_FIELDS if condition.operator == "~" else EXACT_FIELDS
    if condition.field not in fields:
        raise CqlError(
            f"The operator {condition.operator} is not supported for the field {name}"
        )
