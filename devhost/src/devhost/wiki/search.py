"""Search: CQL translated to a query of the wiki."""

import re
from collections.abc import Callable, Iterator, Mapping

from devhost.wiki import cql
from devhost.wiki.custom_content import CustomType
from devhost.wiki.errors import InvalidError
from devhost.wiki.queries import Query
from devhost.wiki.records import CUSTOM_PREFIX, content_number

TYPES = ("page", "blogpost", "comment", "attachment")
WORD = re.compile(r"\w+\*?")
LABELLED = (
    "content.id IN (SELECT content_id FROM content_label"
    " JOIN label ON label.id = label_id WHERE name = ?)"
)
BELOW = (
    "content.id IN (WITH RECURSIVE below(id) AS (SELECT id FROM content"
    " WHERE parent_id = ? AND type = 'page' UNION SELECT content.id FROM content"
    " JOIN below ON content.parent_id = below.id WHERE content.type = 'page')"
    " SELECT id FROM below)"
)
FOUND = "content.id IN (SELECT rowid FROM content_text WHERE content_text MATCH ?)"
PROPERTY_VALUES = (
    "SELECT owner_id FROM (SELECT owner_id, json_extract(value, ?) AS found,"
    " json_type(value, ?) AS kind FROM property"
    " WHERE owner_type = 'content' AND key = ?)"
)

Part = tuple[str, list[object]]


def query_of(
    search: cql.Search, custom: Mapping[str, CustomType] | None = None
) -> Query:
    """Return the query for the current contents that match *search*.

    *custom* are the types of apps; those without ``indexing`` are not found. Assumed:
    without ``order by``, the oldest comes first; Confluence has its own measure of
    relevance.
    """
    known = custom or {}
    for name in _types_of_apps(search.condition):
        # Assumed: Confluence refuses a type that no app declares.
        if name.lower() not in {key.lower() for key in known}:
            raise InvalidError(f"No enabled app declares the content type {name}")
    indexed = [key for key, each in known.items() if each.is_indexed]
    types = [*TYPES, *indexed]
    order = search.order or "id"
    query = Query(order, search.descending)
    # The plus signs leave the index to the order, or to the search term.
    query.among("+content.type", types)
    query.where("+content.status = 'current'")
    if search.condition is not None:
        condition, values = _part(search.condition)
        query.where(condition, *values)
    return query


def _types_of_apps(node: cql.Node | None) -> Iterator[str]:
    if isinstance(node, cql.Not):
        yield from _types_of_apps(node.operand)
    elif isinstance(node, cql.Combination):
        for operand in node.operands:
            yield from _types_of_apps(operand)
    elif node is not None and node.field == "type":
        for value in node.values:
            if value.lower().startswith(CUSTOM_PREFIX):
                yield value


def _part(node: cql.Node) -> Part:
    if isinstance(node, cql.Not):
        condition, values = _part(node.operand)
        return f"NOT ({condition})", values
    if isinstance(node, cql.Combination):
        parts = [_part(operand) for operand in node.operands]
        joined = f" {node.operator.upper()} ".join(f"({part})" for part, _ in parts)
        return joined, [value for _, values in parts for value in values]
    if node.property is not None:
        return _property_part(node, node.property)
    if node.operator == "~":
        words = _words(node.values[0])
        return FOUND, [f"title : ({words})" if node.field == "title" else words]
    parts = [_EXACT[node.field](value) for value in node.values]
    joined = " OR ".join(f"({part})" for part, _ in parts)
    return f"({joined})", [value for _, values in parts for value in values]


def _property_part(node: cql.Condition, field: cql.PropertyField) -> Part:
    parts = [_property_value(node.operator, field, value) for value in node.values]
    path = "$" + "".join(f'."{name}"' for name in field.path.split("."))
    compared = " OR ".join(condition for condition, _ in parts)
    values = [value for _, values in parts for value in values]
    found = f"content.id IN ({PROPERTY_VALUES} WHERE {compared})"
    return found, [path, path, field.key, *values]


def _property_value(operator: str, field: cql.PropertyField, value: str) -> Part:
    if field.type == "text":
        # Assumed: every word of the query is in the text, in any case.
        words = [word.rstrip("*") for word in WORD.findall(value)] or [value]
        return (
            "(kind = 'text' AND "
            + " AND ".join("instr(lower(found), lower(?)) > 0" for _ in words)
            + ")",
            [*words],
        )
    if field.type == "number":
        kinds = "kind IN ('integer', 'real')"
        return f"({kinds} AND found {operator} ?)", [float(value)]
    if field.type == "date":
        return f"(julianday(found) {operator} julianday(?))", [value]
    return "(kind = 'text' AND found = ?)", [value]


def _words(text: str) -> str:
    # Every word must occur; a quoted phrase must occur in this order.
    if len(text) > 1 and text[0] == text[-1] == '"':
        words = WORD.findall(text.replace("*", " "))
        phrase = " ".join(words)
        quoted = [f'"{phrase}"'] if words else []
    else:
        found = WORD.findall(text)
        quoted = [
            f'"{word.rstrip("*")}"{"*" if word.endswith("*") else ""}' for word in found
        ]
    if not quoted:
        raise InvalidError(f"There is no word to search for in: {text}")
    return " AND ".join(quoted)


def _id(column: str) -> Callable[[str], Part]:
    # An invalid id matches nothing.
    return lambda value: (f"{column} IS ?", [content_number(value) or -1])


_EXACT: dict[str, Callable[[str], Part]] = {
    "space": lambda value: (
        "content.space_id = (SELECT id FROM space WHERE key = ?)",
        [value],
    ),
    "type": lambda value: (
        # The key of an app's module may have capital letters.
        ("lower(content.type) = ?", [value.lower()])
        if value.lower().startswith(CUSTOM_PREFIX)
        else ("content.type = ?", [value.lower()])
    ),
    "title": lambda value: ("content.title = ?", [value]),
    "label": lambda value: (LABELLED, [value.lower().rpartition(":")[2]]),
    "id": _id("content.id"),
    "parent": _id("content.parent_id"),
    "container": _id("content.container_id"),
    "ancestor": lambda value: (BELOW, [content_number(value)]),
    "creator": lambda value: ("content.author_id = ?", [value]),
}
