"""State files: checks that a file is ours, before it is written to or deleted."""

import sqlite3
from contextlib import closing
from pathlib import Path

SQLITE_HEADER = b"SQLite format 3\x00"
# Every state file has this table.
OWN_TABLE = "setting"


class NoStateFile(Exception):
    """The file belongs to another program; the message says what it is."""


def prepare(path: Path, *, fresh: bool) -> None:
    """Create the directory of *path*; with *fresh*, delete the state file there.

    :raises NoStateFile: if something else is there.
    :raises OSError: if the system refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise NoStateFile("it is a directory")
    _refuse_foreign_file(path)
    if fresh:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _refuse_foreign_file(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        if file.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
            raise NoStateFile("it is not an SQLite file")
    tables = _tables(path)
    if tables and OWN_TABLE not in tables:
        raise NoStateFile("it is the database of another program")


def _tables(path: Path) -> set[str]:
    try:
        with closing(sqlite3.connect(path)) as sql:
            found = sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {name for (name,) in found}
    except sqlite3.DatabaseError:
        # Damaged, and so of no use to anybody.
        return set()
