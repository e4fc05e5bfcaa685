"""The wiki's tables and indexes, in the state file of the host.

Times are milliseconds since the epoch. Pages, blog posts, comments, attachments and
contents of apps' types share one table and one sequence of ids, as in Confluence.
"""

import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS space (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL DEFAULT 'global',
    status TEXT NOT NULL DEFAULT 'current',
    homepage_id INTEGER,
    author_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS space_permission (
    space_id INTEGER NOT NULL,
    subject_type TEXT NOT NULL CHECK (subject_type IN ('user', 'group', 'anonymous')),
    subject TEXT NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (space_id, subject_type, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS user_group (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS group_member (
    group_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (group_id, account_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS content (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL CHECK (type IN ('page', 'blogpost', 'comment', 'attachment')
        OR type GLOB 'ac:*:*'),
    status TEXT NOT NULL,
    space_id INTEGER NOT NULL,
    title TEXT NOT NULL COLLATE NOCASE,
    parent_id INTEGER,
    container_id INTEGER,
    position INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    body TEXT NOT NULL DEFAULT '',
    author_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    editor_id TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    details TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS content_type ON content (type, status);
CREATE INDEX IF NOT EXISTS content_title ON content (type, status, title);
CREATE INDEX IF NOT EXISTS content_created ON content (type, status, created_at);
CREATE INDEX IF NOT EXISTS content_modified ON content (type, status, modified_at);
CREATE INDEX IF NOT EXISTS content_space ON content (space_id, type, status);
CREATE INDEX IF NOT EXISTS content_space_title
    ON content (space_id, type, status, title);
CREATE INDEX IF NOT EXISTS content_space_created
    ON content (space_id, type, status, created_at);
CREATE INDEX IF NOT EXISTS content_space_modified
    ON content (space_id, type, status, modified_at);
CREATE INDEX IF NOT EXISTS content_any_title ON content (title);
CREATE INDEX IF NOT EXISTS content_any_created ON content (created_at);
CREATE INDEX IF NOT EXISTS content_any_modified ON content (modified_at);
CREATE INDEX IF NOT EXISTS content_parent
    ON content (parent_id, type, status, position);
CREATE INDEX IF NOT EXISTS content_container ON content (container_id, type, status);
CREATE TABLE IF NOT EXISTS content_version (
    content_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    editor_id TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    message TEXT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (content_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attachment_data (
    content_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (content_id, version)
);
CREATE TABLE IF NOT EXISTS label (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    prefix TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (name, prefix)
);
CREATE TABLE IF NOT EXISTS content_label (
    content_id INTEGER NOT NULL,
    label_id INTEGER NOT NULL,
    PRIMARY KEY (content_id, label_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS content_label_label ON content_label (label_id, content_id);
CREATE TABLE IF NOT EXISTS property (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_type TEXT NOT NULL CHECK (owner_type IN ('content', 'space')),
    owner_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    editor_id TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    UNIQUE (owner_type, owner_id, key)
);
CREATE VIRTUAL TABLE IF NOT EXISTS content_text USING fts5 (title, body);
"""
NAMES = (
    "space",
    "space_permission",
    "user_group",
    "group_member",
    "content",
    "content_version",
    "attachment_data",
    "label",
    "content_label",
    "property",
    "content_text",
)


def create(sql: sqlite3.Connection) -> None:
    """Create missing tables, within the open transaction."""
    _admit_types_of_apps(sql)
    for statement in TABLES.split(";\n"):
        if statement.strip():
            sql.execute(statement)


def _admit_types_of_apps(sql: sqlite3.Connection) -> None:
    # A file of schema version 1 refuses them, and a constraint cannot be altered.
    found = sql.execute("SELECT sql FROM sqlite_master WHERE name = 'content'")
    row = found.fetchone()
    if row is None or "'ac:" in row["sql"]:
        return
    (statement,) = (
        each
        for each in TABLES.split(";\n")
        if each.startswith("CREATE TABLE IF NOT EXISTS content (")
    )
    sql.execute(statement.replace("EXISTS content (", "EXISTS wider_content ("))
    sql.execute("INSERT INTO wider_content SELECT * FROM content")
    # The ids of deleted contents are not reused.
    sql.execute(
        "UPDATE sqlite_sequence SET seq ="
        " (SELECT seq FROM sqlite_sequence WHERE name = 'content')"
        " WHERE name = 'wider_content'"
    )
    sql.execute("DROP TABLE content")
    sql.execute("ALTER TABLE wider_content RENAME TO content")


def empty(sql: sqlite3.Connection) -> None:
    """Delete every row, and restart every sequence of ids."""
    for name in NAMES:
        sql.execute(f"DELETE FROM {name}")  # noqa: S608 - names of our own
    sql.execute(
        "DELETE FROM sqlite_sequence WHERE name IN"
        " ('space', 'content', 'label', 'property')"
    )
