"""Layers of the local Confluence: which module can import which."""

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"
# From the bottom to the top: a folder or module imports only from the layers below its
# own. ``devhost/__init__.py`` shows the same as a picture.
LAYERS = (
    {"protocol"},
    {"site"},
    {"tokens"},
    {"exchanges"},
    {"descriptor", "faults"},
    {"install", "wiki"},
    {"access_rules"},
    {"modules"},
    {"webhooks"},
    {"pages", "rest"},
    {"web"},
    {"server", "options", "signals", "install_bridge"},
    {"command", "testing"},
    {"__main__"},
)
LAYER = {name: height for height, names in enumerate(LAYERS) for name in names}


def paths() -> list[Path]:
    found = (SOURCES / "devhost").rglob("*.py")
    return sorted(path for path in found if "node_modules" not in path.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCES).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for path in paths()}


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a module imports: at its top, in a function, or for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}: write the whole name"
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules() else node.module


@cache
def graph() -> dict[str, set[str]]:
    """Return, for each module, the other modules of ours that it imports."""
    return {
        name: {each for each in imports_of(path) if each in modules()} - {name}
        for name, path in modules().items()
    }


def top_of(module: str) -> str:
    """Return the folder of a module, or the module itself if it is in none."""
    return module.split(".")[1]


def test_it_does_not_import_the_app() -> None:
    for path in paths():
        for imported in imports_of(path):
            assert imported.partition(".")[0] not in {"app", "tests", "wsgi"}, path


def test_a_module_has_at_most_300_lines() -> None:
    for path in paths():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


def test_every_folder_and_module_has_a_layer() -> None:
    assert {top_of(name) for name in modules() if name != "devhost"} == set(LAYER)


def test_a_layer_imports_only_what_is_below_it() -> None:
    for name, imported in graph().items():
        for each in imported:
            own, other = top_of(name), top_of(each)
            assert own == other or LAYER[other] < LAYER[own], f"{name} imports {each}"


def test_the_versions_of_rest_do_not_import_each_other() -> None:
    versions = ("devhost.rest.v1", "devhost.rest.v2")
    for name, imported in graph().items():
        for own, other in (versions, versions[::-1]):
            if name.startswith(own):
                assert not any(each.startswith(other) for each in imported), name


def test_there_are_no_import_cycles() -> None:
    # A cycle raises an error that names the modules.
    graphlib.TopologicalSorter(graph()).prepare()
