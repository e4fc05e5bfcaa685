"""Documented REST operations: the scope and access rule that Atlassian gives each.

The tables are in ``devhost/data``; the README there names their sources.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
OPERATIONS = ("rest_operations.csv", "connect_resources.csv")
PATTERNS = "rest_scopes.csv"
INACCESSIBLE = "INACCESSIBLE"
NOT_AVAILABLE = "N/A"
PARAMETER = re.compile(r"\{[\w-]+\}")


@dataclass(frozen=True)
class KnownOperation:
    """A documented operation, or a path pattern that covers many.

    ``scope`` is one of a descriptor's scopes, ``NONE``, or one of the two that no app
    has: ``INACCESSIBLE`` and ``N/A``. ``access_rule`` is ``blocked``, ``exempt`` or
    ``unknown``; ``name`` and ``api_version`` are empty for a pattern.
    """

    method: str
    path: str
    scope: str
    access_rule: str = "unknown"
    name: str = ""
    api_version: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_for_apps(self) -> bool:
        """Whether any scope allows an app to call it."""
        return self.scope not in {INACCESSIBLE, NOT_AVAILABLE}

    @property
    def is_exempt(self) -> bool:
        """Whether it still works where a rule blocks the app.

        Assumed: an operation that is in no table is blocked.
        """
        return self.access_rule == "exempt"


@dataclass(frozen=True)
class _Pattern:
    operation: KnownOperation
    expression: re.Pattern[str]


@cache
def known_operations() -> tuple[KnownOperation, ...]:
    """Return every documented operation, in the order of the tables."""
    return tuple(
        KnownOperation(
            method=row["method"],
            path=row["path"],
            scope=row["connect_scope"],
            access_rule=row["access_rule"],
            name=row["name"],
            api_version=row["api_version"],
        )
        for table in OPERATIONS
        for row in _rows(table)
    )


def find_known(method: str, path: str) -> KnownOperation | None:
    """Return the documentation of a call, None if it is in no table.

    *path* is below ``/wiki``, as it was sent, without its query. An operation takes
    precedence over a path pattern, and a specific one over a general one.
    """
    segments = tuple(path.rstrip("/").split("/"))
    for operation in _by_length().get((method, len(segments)), ()):
        if _fits(operation.path.split("/"), segments):
            return operation
    for pattern in _patterns():
        if pattern.operation.method == method and pattern.expression.fullmatch(path):
            return pattern.operation
    return None


def _rows(table: str) -> Iterator[dict[str, str]]:
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def _by_length() -> dict[tuple[str, int], list[KnownOperation]]:
    found: dict[tuple[str, int], list[KnownOperation]] = {}
    # Words take precedence over parameters, the earlier ones more than the later.
    for operation in sorted(known_operations(), key=_parameters):
        length = len(operation.path.split("/"))
        found.setdefault((operation.method, length), []).append(operation)
    return found


def _parameters(operation: KnownOperation) -> list[bool]:
    return [bool(PARAMETER.fullmatch(each)) for each in operation.path.split("/")]


def _fits(template: list[str], segments: tuple[str, ...]) -> bool:
    return all(
        sent == wanted or (sent != "" and PARAMETER.fullmatch(wanted) is not None)
        for wanted, sent in zip(template, segments, strict=True)
    )


@cache
def _patterns() -> tuple[_Pattern, ...]:
    rows = sorted(_rows(PATTERNS), key=lambda row: -len(row["path_pattern"]))
    return tuple(
        _Pattern(
            KnownOperation(row["method"], row["path_pattern"], row["scope"]),
            _expression(row["path_pattern"], row["versions"]),
        )
        for row in rows
    )


def _expression(pattern: str, versions: str) -> re.Pattern[str]:
    numbers = "|".join(re.escape(version) for version in versions.split("|"))
    # A pattern stands for a resource and everything below it.
    return re.compile(pattern.replace("{version}", f"(?:{numbers})") + "(?:/.*)?")
