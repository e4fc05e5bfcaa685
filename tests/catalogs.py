"""Checks of the translation catalogs that ``make translations`` writes."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from app.config import ROOT


def catalogs(folder: str) -> list[Path]:
    """Return the catalogs of a folder of translations."""
    return sorted((ROOT / folder).glob("*/LC_MESSAGES/messages.po"))


def language_of(path: Path) -> str:
    """Return the language of a catalog."""
    return path.parts[-3]


def assert_complete(path: Path, sources: Sequence[str]) -> None:
    """Assert that a catalog translates each text of *sources*, and no other."""
    texts = {message.id for message in _extract(sources)}
    catalog = _read(path)
    assert {message.id for message in catalog} == texts, "run make translations"
    untranslated = [m.id for m in catalog if m.id and (not m.string or m.fuzzy)]
    assert untranslated == []
    assert catalog.obsolete == {}
    for message in catalog:
        assert list(message.check(catalog)) == [], message.id


def assert_compiled(path: Path) -> None:
    """Assert that the compiled catalog beside *path* has the same texts."""
    with TemporaryDirectory() as folder:
        compiled = Path(folder, "messages.mo")
        with compiled.open("wb") as file:
            write_mo(file, _read(path))
        assert _compiled(path.with_suffix(".mo")) == _compiled(compiled), (
            "run make translations"
        )


def _extract(sources: Sequence[str]) -> Catalog:
    with TemporaryDirectory() as folder:
        found = Path(folder, "messages.pot")
        settings = str(ROOT / "pyproject.toml")
        command = ["pybabel", "-q", "extract", "-F", settings, "-o", str(found)]
        paths = [str(ROOT / source) for source in sources]
        cli: Any = CommandLineInterface()
        cli.run([*command, *paths])
        with found.open("rb") as file:
            return read_po(file)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language_of(path))


def _compiled(path: Path) -> dict[Any, Any]:
    with path.open("rb") as file:
        return {m.id: m.string for m in read_mo(file) if m.id}
