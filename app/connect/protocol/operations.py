"""REST operations: the documented scope and access rule of each.

The tables are in ``data``; the README there says where they come from. They cover
Confluence, plus Connect's own resources, which every product has.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import unquote

CONFLUENCE: Final = "confluence"
JIRA: Final = "jira"
CONNECT_ROOT: Final = "/rest/atlassian-connect/"

_CONTEXT_PATH = "/wiki"
_METHODS = ("GET", "POST", "PUT", "DELETE")
_NOT_AVAILABLE = "N/A"
# Stands for any one segment; no segment in the tables begins like this.
_ANY = "{"


@dataclass(frozen=True, slots=True)
class Operation:
    """A documented operation, or a path with what the older table says about it.

    ``path`` is a template below the base URL, such as ``/rest/api/content/{id}``.
    ``scope`` is one that a descriptor can declare, NONE or INACCESSIBLE;
    ``access_rule`` is ``blocked``, ``exempt`` or ``unknown``.
    """

    method: str
    path: str
    scope: str
    access_rule: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class _Node:
    children: "dict[str, _Node]" = field(default_factory=dict)
    here: dict[str, Operation] = field(default_factory=dict)
    """Operations whose path ends here, by method."""
    below: dict[str, Operation] = field(default_factory=dict)
    """Entries of the older table, which also apply to everything below."""


def find_operation(
    method: str, path: str, *, product: str = CONFLUENCE
) -> Operation | None:
    """Return what is known about a call; None if no table knows it.

    *path* is absolute or relative to a tenant's base URL, with or without
    ``/wiki`` and a query. A literal segment wins over a parameter, and an operation
    over the older table. HEAD counts as GET.
    """
    method = method.upper()
    if method == "HEAD":
        method = "GET"
    segments = _segments(path)
    root = _tables().root
    found = _find_exact(root, method, segments, 0) or _find_above(
        root, method, segments
    )
    if found is None or (
        product != CONFLUENCE and not found.path.startswith(CONNECT_ROOT)
    ):
        return None
    return found


def find_by_template(method: str, path: str) -> Operation | None:
    """Return the operation whose template is *path*; None if no table has it."""
    return _tables().by_template.get((method, path))


def known_part(path: str) -> str:
    """Return the part of a path that the tables know, and ``...`` for the rest.

    For logs: the result contains no customer's id, key or name.
    """
    node, known = _tables().root, []
    for segment in _segments(path):
        child = node.children.get(segment)
        if child is None:
            known.append("...")
            break
        known.append(segment)
        node = child
    return "/" + "/".join(known)


def _segments(path: str) -> list[str]:
    """Split a path below the base URL as the host will: decoded segment by segment."""
    if not path.startswith("/"):
        _, separator, rest = path.partition("://")
        path = f"/{rest.partition('/')[2]}" if separator else path
    path = path.partition("#")[0].partition("?")[0]
    if path == _CONTEXT_PATH or path.startswith(f"{_CONTEXT_PATH}/"):
        path = path[len(_CONTEXT_PATH) :]
    path = path.removesuffix("/")
    if not path.startswith("/"):
        return []
    segments = path[1:].split("/")
    return [unquote(part) if "%" in part else part for part in segments]


def _find_exact(
    node: _Node, method: str, segments: list[str], at: int
) -> Operation | None:
    if at == len(segments):
        return node.here.get(method)
    segment = segments[at]
    child = node.children.get(segment)
    if child is not None and segment != _ANY:
        if found := _find_exact(child, method, segments, at + 1):
            return found
    any_child = node.children.get(_ANY)
    if any_child is None or not segment:
        return None
    return _find_exact(any_child, method, segments, at + 1)


def _find_above(node: _Node, method: str, segments: list[str]) -> Operation | None:
    """Return the entry of the older table with the longest matching path."""
    found = None
    for segment in segments:
        child = node.children.get(segment) or node.children.get(_ANY)
        if child is None:
            break
        found = child.below.get(method, found)
        node = child
    return found


@dataclass(frozen=True, slots=True)
class _Tables:
    root: _Node
    by_template: dict[tuple[str, str], Operation]


@cache
def _tables() -> _Tables:
    root, by_template = _Node(), {}
    for operation in _operations():
        by_template[operation.method, operation.path] = operation
        _node(root, operation.path).here[operation.method] = operation
    for operation, versions in _paths():
        by_template.setdefault((operation.method, operation.path), operation)
        for version in versions:
            path = operation.path.replace("{version}", version)
            _node(root, path).below[operation.method] = operation
    return _Tables(root, by_template)


def _node(root: _Node, path: str) -> _Node:
    node = root
    for part in path[1:].split("/"):
        key = _ANY if part.startswith("{") or part == ".*" else part
        node = node.children.setdefault(key, _Node())
    return node


def _operations() -> Iterator[Operation]:
    for row in _rows("rest_operations.csv"):
        yield Operation(row["method"], row["path"], row["scope"], row["access_rule"])


def _paths() -> Iterator[tuple[Operation, list[str]]]:
    for row in _rows("path_scopes.csv"):
        for method in _METHODS:
            if row[method] != _NOT_AVAILABLE:
                operation = Operation(method, row["path"], row[method], "unknown")
                yield operation, row["versions"].split("|")


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
