"""A parser for simple CQL, Confluence's query language.

https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/

Supported: the fields of ``FIELDS``; ``=``, ``!=``, ``~``, ``!~``, ``in``, ``not in``;
``and``, ``or``, ``not``, parentheses; ``order by`` one of ``ORDERS``; the values of
content properties that apps declare, with ``<``, ``<=``, ``>`` and ``>=`` for numbers
and dates. Anything else in CQL is refused by name. The parser does not know how the
wiki is stored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Never

from devhost.wiki.cql_fields import (
    FIELDS,
    PROPERTY,
    Condition,
    CqlError,
    CqlNotHereError,
    PropertyField,
    check_operator,
    check_property,
    refuse_field,
)

__all__ = [
    "Combination",
    "Condition",
    "CqlError",
    "CqlNotHereError",
    "Node",
    "Not",
    "PropertyField",
    "Search",
    "parse",
]

ORDERS = {
    "id": "id",
    "title": "title",
    "created": "created-date",
    "lastmodified": "modified-date",
}
MAX_LENGTH = 8000
MAX_DEPTH = 40
TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|>=|<=|=|~|>|<|\(|\)|,)
      | (?P<word>[^\s"'!=~<>(),]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Not:
    """A part that must not hold."""

    operand: "Node"


@dataclass(frozen=True)
class Combination:
    """Parts that must all hold (``and``), or at least one of them (``or``)."""

    operator: str
    operands: "tuple[Node, ...]"


Node = Condition | Not | Combination


@dataclass(frozen=True)
class Search:
    """A whole query. ``order`` is None if it names no order."""

    condition: Node | None
    order: str | None = None
    descending: bool = False


def parse(query: str, properties: Mapping[str, PropertyField] | None = None) -> Search:
    """Return the parsed *query*; *properties* are further fields by name.

    :raises CqlError: if it is not CQL; ``CqlNotHereError`` if it is not supported.
    """
    if len(query) > MAX_LENGTH:
        raise CqlError(f"The query is longer than {MAX_LENGTH} characters")
    return _Parser(_tokens(query), properties or {}).search()


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    query = query.rstrip()
    while position < len(query):
        found = TOKEN.match(query, position)
        if found is None:
            raise CqlError(f"Could not parse cql : {query[position:].strip()[:40]}")
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "string":
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        tokens.append((kind, text))
        position = found.end()
    return tokens


class _Parser:
    def __init__(
        self, tokens: list[tuple[str, str]], properties: Mapping[str, PropertyField]
    ) -> None:
        self._tokens = tokens
        self._properties = properties
        self._next = 0
        self._depth = 0

    def search(self) -> Search:
        condition = None
        if not self._is_word("order"):
            condition = self._any()
        order, descending = self._order()
        if self._next < len(self._tokens):
            self._fail()
        if condition is None and order is None:
            raise CqlError("The query is empty")
        return Search(condition, order, descending)

    def _fail(self) -> Never:
        if self._next >= len(self._tokens):
            raise CqlError("Could not parse cql : unexpected end of the query")
        raise CqlError(
            f"Could not parse cql : unexpected {self._tokens[self._next][1]}"
        )

    def _is_word(self, *words: str) -> bool:
        if self._next >= len(self._tokens):
            return False
        kind, text = self._tokens[self._next]
        return kind == "word" and text.lower() in words

    def _take_word(self, *words: str) -> bool:
        taken = self._is_word(*words)
        self._next += taken
        return taken

    def _take(self, *kinds: str) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] not in kinds:
            self._fail()
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _take_operator(self, text: str) -> bool:
        taken = self._tokens[self._next : self._next + 1] == [("operator", text)]
        self._next += taken
        return taken

    def _any(self) -> Node:
        operands = [self._all()]
        while self._take_word("or"):
            operands.append(self._all())
        return _combined("or", operands)

    def _all(self) -> Node:
        operands = [self._one()]
        while self._take_word("and"):
            operands.append(self._one())
        return _combined("and", operands)

    def _one(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CqlError(f"The query is nested deeper than {MAX_DEPTH}")
        try:
            if self._take_word("not"):
                return Not(self._one())
            if self._take_operator("("):
                inside = self._any()
                if not self._take_operator(")"):
                    self._fail()
                return inside
            return self._condition()
        finally:
            self._depth -= 1

    def _condition(self) -> Node:
        name = self._take("word")
        found = self._properties.get(name)
        field = FIELDS.get(name) or FIELDS.get(name.lower())
        if field is None and found is None:
            refuse_field(name)
        negated = self._take_word("not")
        if self._take_word("in"):
            condition = Condition(field or PROPERTY, "=", self._values(), found)
        elif negated:
            self._fail()
        else:
            operator = self._take("operator")
            if operator not in {"=", "!=", "~", "!~"} and found is None:
                raise CqlNotHereError(f"The operator {operator} of CQL")
            negated = operator.startswith("!")
            value = (self._value(),)
            condition = Condition(
                field or PROPERTY, operator.removeprefix("!"), value, found
            )
        if found is None:
            check_operator(name, condition)
        else:
            check_property(name, found, condition)
        return Not(condition) if negated else condition

    def _values(self) -> tuple[str, ...]:
        if not self._take_operator("("):
            self._fail()
        values = [self._value()]
        while self._take_operator(","):
            values.append(self._value())
        if not self._take_operator(")"):
            self._fail()
        return tuple(values)

    def _value(self) -> str:
        text = self._take("word", "string")
        if self._tokens[self._next : self._next + 1] == [("operator", "(")]:
            raise CqlNotHereError(f"The function {text}() of CQL")
        return text

    def _order(self) -> tuple[str | None, bool]:
        if not self._take_word("order"):
            return None, False
        if not self._take_word("by"):
            self._fail()
        name = self._take("word")
        order = ORDERS.get(name.lower())
        if order is None:
            raise CqlNotHereError(f"order by {name} of CQL")
        descending = self._take_word("desc")
        if not descending:
            self._take_word("asc")
        if self._tokens[self._next : self._next + 1] == [("operator", ",")]:
            raise CqlNotHereError("order by more than one field of CQL")
        return order, descending


def _combined(operator: str, operands: list[Node]) -> Node:
    if len(operands) == 1:
        return operands[0]
    return Combination(operator, tuple(operands))
