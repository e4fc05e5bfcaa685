"""Labels of contents."""

import re
from collections.abc import Iterable

from devhost.site.state import State
from devhost.wiki.access import Role, Viewer
from devhost.wiki.changes import Ledger
from devhost.wiki.editor import writer
from devhost.wiki.errors import InvalidError, NotFoundError
from devhost.wiki.records import Content, Label, Space, content_number

MAX_LENGTH = 255
PREFIXES = ("global", "my", "team")
# https://support.atlassian.com/confluence-cloud/docs/add-manage-and-search-for-labels/
FORBIDDEN = re.compile(r"[\s:;,.?&\[\]()#^*!@]")
OF_CONTENT = (
    "SELECT label.* FROM content_label JOIN label ON label.id = label_id"
    " WHERE content_id = ? ORDER BY name, prefix"
)


class Labels:
    """Every label, and the contents that have it."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state = state
        self._ledger = ledger

    def of(self, content: Content) -> list[Label]:
        """Return the labels of a content by name."""
        return self._read(OF_CONTENT, content.number)

    def in_space(self, space: Space) -> list[Label]:
        """Return the labels on current contents of a space."""
        return self._read(
            "SELECT DISTINCT label.* FROM content"
            " JOIN content_label ON content_id = content.id"
            " JOIN label ON label.id = label_id"
            " WHERE space_id = ? AND status = 'current' ORDER BY name, prefix",
            int(space.id),
        )

    def used(self, viewer: Viewer) -> list[Label]:
        """Return every label on contents that the viewer can see."""
        spaces = ", ".join(str(int(id)) for id in viewer.roles)
        statement = f"""
            SELECT label.* FROM label WHERE EXISTS (
                SELECT 1 FROM content_label JOIN content ON content.id = content_id
                WHERE label_id = label.id AND status = 'current'
                AND space_id IN ({spaces})
            ) ORDER BY label.id"""  # noqa: S608 - numbers of our own
        return self._read(statement)

    def get(self, identifier: str) -> Label:
        """Return the label with this id.

        :raises NotFoundError: if there is no such label.
        """
        number = content_number(identifier)
        for label in self._read("SELECT * FROM label WHERE id = ?", number):
            return label
        raise NotFoundError(f"No label found with id: {identifier}")

    def add(
        self, viewer: Viewer, content: Content, names: Iterable[tuple[str, str]]
    ) -> None:
        """Add labels, each a prefix and a name; keep the existing ones.

        :raises InvalidError: if one of them is not a valid label.
        """
        viewer.check(Role.WRITE, content.space)
        account_id = writer(viewer)
        wanted = [_checked(prefix, name) for prefix, name in names]
        with self._ledger.writing() as sql:
            for prefix, name in wanted:
                values = [prefix, name]
                sql.execute(
                    "INSERT OR IGNORE INTO label (prefix, name) VALUES (?, ?)", values
                )
                is_new = sql.execute("SELECT changes()").fetchone()[0] == 1
                label = self._named(prefix, name)
                if is_new:
                    self._ledger.note(
                        "label_created", None, content, account_id, label=label
                    )
                added = sql.execute(
                    "INSERT OR IGNORE INTO content_label VALUES (?, ?)",
                    [content.number, int(label.id)],
                )
                if added.rowcount == 1:
                    self._ledger.note(
                        "label_added", content, content, account_id, label=label
                    )

    def remove(self, viewer: Viewer, content: Content, name: str) -> None:
        """Remove a label; with ``prefix:name``, the one with this prefix.

        :raises NotFoundError: if the content does not have it.
        """
        viewer.check(Role.WRITE, content.space)
        for label in self.of(content):
            if name.lower() in {label.name, f"{label.prefix}:{label.name}"}:
                with self._ledger.writing() as sql:
                    sql.execute(
                        "DELETE FROM content_label WHERE content_id = ?"
                        " AND label_id = ?",
                        [content.number, int(label.id)],
                    )
                    self._ledger.note(
                        "label_removed",
                        content,
                        content,
                        writer(viewer),
                        label=label,
                    )
                return
        raise NotFoundError(f"No label {name} found on content: {content.id}")

    def _named(self, prefix: str, name: str) -> Label:
        statement = "SELECT * FROM label WHERE name = ? AND prefix = ?"
        return self._read(statement, name, prefix)[0]

    def _read(self, statement: str, *values: object) -> list[Label]:
        with self._state.transaction() as sql:
            rows = sql.execute(statement, values).fetchall()
        return [Label(str(row["id"]), row["prefix"], row["name"]) for row in rows]


def _checked(prefix: str, name: str) -> tuple[str, str]:
    name = name.lower()
    if prefix not in PREFIXES:
        raise InvalidError(f"The label prefix {prefix} is invalid")
    if not name or len(name) > MAX_LENGTH or FORBIDDEN.search(name):
        raise InvalidError(f"The label {name} contains invalid characters")
    return prefix, name
