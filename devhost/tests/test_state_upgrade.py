"""Upgrades of a state file from an older version, with everything in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devhost.site.state import SCHEMA_VERSION, State
from devhost.wiki import Wiki
from devhost.wiki.custom_content import CustomType
from devhost.wiki.editor import NewContent
from devhost.wiki.records import Content

WIDER = "\n        OR type GLOB 'ac:*:*'"


def new_page(wiki: Wiki, title: str) -> Content:
    who = wiki.app_viewer("557058:app")
    space = wiki.spaces.get(who, "DS")
    return wiki.editor.create(who, NewContent("page", space, title, "<p>Kept</p>"))


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """Return a file of version 1 with four types of content; the last was deleted."""
    file = tmp_path / "state"
    with closing(State(file)) as state:
        wiki = Wiki(state)
        new_page(wiki, "Old")
        last = new_page(wiki, "Gone")
        wiki.editor.remove(wiki.app_viewer("557058:app"), last)
    with closing(sqlite3.connect(file)) as sql, sql:
        sql.execute("PRAGMA writable_schema = ON")
        changed = sql.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, '') WHERE name = 'content'"
            " AND instr(sql, ?)",
            [WIDER, WIDER],
        )
        assert changed.rowcount == 1
        sql.execute("PRAGMA user_version = 1")
    return file


def indexes(state: State) -> set[str]:
    with state.transaction() as sql:
        rows = sql.execute(
            "SELECT name FROM sqlite_master"
            " WHERE type = 'index' AND tbl_name = 'content'"
        ).fetchall()
    return {row["name"] for row in rows}


def test_a_file_of_version_1_accepts_custom_content(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file)) as sql:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            sql.execute("UPDATE content SET type = 'ac:app:thing'")
    with closing(State(old_file)) as state:
        wiki = Wiki(state)
        wiki.custom.types = lambda: {"ac:app:thing": CustomType("ac:app:thing")}
        who = wiki.app_viewer("557058:app")
        space = wiki.spaces.get(who, "DS")
        created = wiki.editor.create(who, NewContent("ac:app:thing", space, "New"))
        assert wiki.contents.get(who, created.id).title == "New"
        old = wiki.contents.find_by_title(who, space, "Old")
        assert old is not None
        assert old.body == "<p>Kept</p>"
        # The id of the deleted content is not reused.
        assert int(created.id) == int(old.id) + 2
        with state.transaction() as open_sql:
            (version,) = open_sql.execute("PRAGMA user_version").fetchone()
        assert version == SCHEMA_VERSION
        with closing(State()) as fresh:
            Wiki(fresh)
            assert indexes(state) == indexes(fresh) != set()


def test_the_second_start_finds_nothing_to_do(old_file: Path) -> None:
    for _ in range(2):
        with closing(State(old_file)) as state:
            wiki = Wiki(state)
            viewer = wiki.app_viewer("557058:app")
            query = wiki.contents.all(("page",)).where("content.title = ?", "Old")
            assert wiki.contents.count(viewer, query) == 1
