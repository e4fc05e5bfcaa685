"""SQL that writes contents. Every function works in the open transaction."""

import json
from sqlite3 import Connection
from typing import Any

from devhost.wiki.contents import BURIED
from devhost.wiki.records import Content
from devhost.wiki.storage_format import readable_text

# A content, what is attached to it, and the replies to a comment.
FAMILY = """
WITH RECURSIVE family(id) AS (
    SELECT ?
    UNION SELECT content.id FROM content JOIN family
        ON content.container_id = family.id
    UNION SELECT content.id FROM content JOIN family
        ON content.parent_id = family.id WHERE content.type = 'comment'
) SELECT id FROM family"""


def insert(sql: Connection, row: dict[str, Any]) -> int:
    """Insert a row into the table of contents and return its id."""
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    cursor = sql.execute(
        f"INSERT INTO content ({names}) VALUES ({marks})",  # noqa: S608 - our own SQL; values are bound
        row,
    )
    return int(cursor.lastrowid or 0)


def write(sql: Connection, content: Content) -> None:
    """Update a content's row."""
    sql.execute(
        "UPDATE content SET status = ?, title = ?, body = ?, parent_id = ?,"
        " version = ?, editor_id = ?, modified_at = ?, message = ?, details = ?"
        " WHERE id = ?",
        [
            content.status,
            content.title,
            content.body,
            content.parent_id and int(content.parent_id),
            content.version,
            content.editor_id,
            content.modified_at,
            content.message,
            json.dumps(content.details),
            content.number,
        ],
    )


def next_position(sql: Connection, type: str, parent: Content | None) -> int:
    """Return the position after the last child of *parent*."""
    if parent is None:
        return 0
    row = sql.execute(
        "SELECT max(position) FROM content WHERE parent_id = ? AND type = ?"
        " AND status = 'current'",
        [parent.number, type],
    ).fetchone()
    return 0 if row[0] is None else int(row[0]) + 1


def siblings(sql: Connection, page: Content, parent_id: str | None) -> list[int]:
    """Return the other children of a parent, in order."""
    found = sql.execute(
        "SELECT id FROM content WHERE parent_id IS ? AND type = 'page'"
        " AND status = 'current' AND space_id = ? AND id != ?"
        " ORDER BY position, id",
        [parent_id and int(parent_id), int(page.space.id), page.number],
    )
    return [row["id"] for row in found]


def order(sql: Connection, page: Content) -> list[str]:
    """Return the ids of a page and its siblings in their present order."""
    found = sql.execute(
        "SELECT id FROM content WHERE type = 'page' AND status = 'current'"
        " AND space_id = ? AND parent_id IS"
        " (SELECT parent_id FROM content WHERE id = ?) ORDER BY position, id",
        [int(page.space.id), page.number],
    )
    return [str(row["id"]) for row in found]


def put_below(
    sql: Connection, page: Content, parent_id: str | None, order: list[int]
) -> None:
    """Move a page below another parent, and order the children there."""
    sql.execute(
        "UPDATE content SET parent_id = ? WHERE id = ?",
        [parent_id and int(parent_id), page.number],
    )
    sql.executemany(
        "UPDATE content SET position = ? WHERE id = ?",
        [(place, number) for place, number in enumerate(order)],
    )


def move_children_up(sql: Connection, content: Content) -> None:
    """Move the children of a page up to its parent."""
    if content.type == "page":
        sql.execute(
            "UPDATE content SET parent_id = ? WHERE parent_id = ? AND type = 'page'",
            [content.parent_id and int(content.parent_id), content.number],
        )


def set_status(sql: Connection, content: Content, status: str) -> None:
    """Give a content another status, and nothing else."""
    sql.execute("UPDATE content SET status = ? WHERE id = ?", [status, content.number])


def keep_version(sql: Connection, content: Content) -> None:
    """Store the current version among the past ones."""
    sql.execute(
        "INSERT INTO content_version VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            content.number,
            content.version,
            content.title,
            content.body,
            content.editor_id,
            content.modified_at,
            content.message,
            json.dumps(content.details),
        ],
    )


def index(sql: Connection, content: Content) -> None:
    """Make the words of a content searchable."""
    sql.execute("DELETE FROM content_text WHERE rowid = ?", [content.number])
    sql.execute(
        "INSERT INTO content_text (rowid, title, body) VALUES (?, ?, ?)",
        [content.number, content.title, readable_text(content)],
    )


def bury(sql: Connection, content: Content) -> None:
    """Hide what a trashed content contains, such as its comments."""
    _set_status_within(sql, content, "current", BURIED)


def unbury(sql: Connection, content: Content) -> None:
    """Show again what ``bury`` hid."""
    _set_status_within(sql, content, BURIED, "current")


def _set_status_within(sql: Connection, content: Content, old: str, new: str) -> None:
    # What was trashed separately stays there, with its contents.
    sql.execute(
        "WITH RECURSIVE inside(id) AS ("
        " SELECT id FROM content WHERE container_id = ? AND status = ?"
        " UNION SELECT content.id FROM content JOIN inside"
        " ON content.container_id = inside.id WHERE content.status = ?)"
        " UPDATE content SET status = ? WHERE id IN (SELECT id FROM inside)",
        [content.number, old, old, new],
    )


def forget(sql: Connection, content: Content) -> None:
    """Delete every trace of a content, and of what is attached to it."""
    for row in sql.execute(FAMILY, [content.number]).fetchall():
        for table, column in (
            ("content", "id"),
            ("content_version", "content_id"),
            ("attachment_data", "content_id"),
            ("content_label", "content_id"),
            ("content_text", "rowid"),
        ):
            sql.execute(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - our own SQL; values are bound
                [row["id"]],
            )
        sql.execute(
            "DELETE FROM property WHERE owner_type = 'content' AND owner_id = ?",
            [row["id"]],
        )
