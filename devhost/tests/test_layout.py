"""Which module of the local Confluence may import what."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"


def modules() -> list[Path]:
    found = (SOURCES / "devhost").rglob("*.py")
    return sorted(path for path in found if "node_modules" not in path.parts)


def imports_of(path: Path) -> Iterator[str]:
    """Yield the modules that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_it_imports_nothing_of_the_app_that_it_hosts() -> None:
    for path in modules():
        for imported in imports_of(path):
            assert imported.partition(".")[0] not in {"app", "tests", "wsgi"}, path


def test_a_module_has_at_most_300_lines() -> None:
    for path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
