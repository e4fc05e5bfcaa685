"""Simple CQL, Confluence's query language, parsed into a tree.

https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/

Known: the fields of ``FIELDS``; ``=``, ``!=``, ``~``, ``!~``, ``in``, ``not in``;
``and``, ``or``, ``not``, parentheses; ``order by`` one of ``ORDERS``. What else CQL
has is refused by name. It knows nothing of how the wiki is stored.
"""

import re
from dataclasses import dataclass
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
ORDERS = {
    "id": "id",
    "title": "title",
    "created": "created-date",
    "lastmodified": "modified-date",
}
# Of Confluence's, and not of ours.
KNOWN_FIELDS = frozenset(
    "contributor created lastmodified favourite favorite macro mention watcher user"
    " space.title space.type space.category space.favourite space.favorite relevance"
    " user.fullname user.accountid sitesearch".split()
)
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


class CqlError(Exception):
    """The query cannot be understood; the message says where."""


class CqlNotHereError(CqlError):
    """The query is good CQL, but of a part that the local host does not have."""


@dataclass(frozen=True)
class Condition:
    """One comparison; ``~`` and ``=`` have one value, ``in`` any number."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    """What must not hold."""

    operand: "Node"


@dataclass(frozen=True)
class Combination:
    """What must hold all together (``and``), or at least one of it (``or``)."""

    operator: str
    operands: "tuple[Node, ...]"


Node = Condition | Not | Combination


@dataclass(frozen=True)
class Search:
    """A whole query. ``order`` is None if it names none."""

    condition: Node | None
    order: str | None = None
    descending: bool = False


def parse(query: str) -> Search:
    """Return what *query* asks for.

    :raises CqlError: if it is no CQL; ``CqlNotHereError`` if it is beyond ours.
    """
    if len(query) > MAX_LENGTH:
        raise CqlError(f"The query is longer than {MAX_LENGTH} characters")
    return _Parser(_tokens(query)).search()


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
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
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
        field = FIELDS.get(name) or FIELDS.get(name.lower())
        if field is None:
            _refuse_field(name)
        negated = self._take_word("not")
        if self._take_word("in"):
            condition = Condition(field, "=", self._values())
        elif negated:
            self._fail()
        else:
            operator = self._take("operator")
            if operator not in {"=", "!=", "~", "!~"}:
                raise CqlNotHereError(f"The operator {operator} of CQL")
            negated = operator.startswith("!")
            condition = Condition(field, operator[-1], (self._value(),))
        _check_operator(name, condition)
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


def _refuse_field(name: str) -> Never:
    if name.lower() in KNOWN_FIELDS:
        raise CqlNotHereError(f"The field {name} of CQL")
    raise CqlError(f"Unknown field {name} in the query")


def _check_operator(name: str, condition: Condition) -> None:
    fields = TEXT_FIELDS if condition.operator == "~" else EXACT_FIELDS
    if condition.field not in fields:
        raise CqlError(
            f"The operator {condition.operator} is not supported for the field {name}"
        )
