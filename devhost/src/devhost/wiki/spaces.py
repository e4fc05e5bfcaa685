"""Spaces and their permissions."""

import re
from dataclasses import replace

from devhost.site.state import State
from devhost.wiki.access import Role, Viewer
from devhost.wiki.changes import Ledger
from devhost.wiki.editor import writer
from devhost.wiki.errors import InvalidError, NotFoundError
from devhost.wiki.groups import ADMINISTRATORS, EVERYBODY
from devhost.wiki.records import Space, content_number

KEY = re.compile(r"~?[A-Za-z0-9]{1,255}")


class Spaces:
    """Every space."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state = state
        self._ledger = ledger

    def find(self, viewer: Viewer, key: str) -> Space | None:
        """Return the space with this key, None if the viewer can see no such space."""
        return self._one(viewer, "key = ?", key)

    def find_by_id(self, viewer: Viewer, identifier: str) -> Space | None:
        """Return the space with this id, None if the viewer can see no such space."""
        return self._one(viewer, "id = ?", content_number(identifier))

    def get(self, viewer: Viewer, key: str) -> Space:
        """Return the space with this key.

        :raises NotFoundError: if the viewer can see no such space.
        """
        found = self.find(viewer, key)
        if found is None:
            raise NotFoundError(f"No space found with key: {key}")
        return found

    def get_by_id(self, viewer: Viewer, identifier: str) -> Space:
        """Return the space with this id.

        :raises NotFoundError: if the viewer can see no such space.
        """
        found = self.find_by_id(viewer, identifier)
        if found is None:
            raise NotFoundError(f"No space found with id: {identifier}")
        return found

    def _one(self, viewer: Viewer, condition: str, value: object) -> Space | None:
        with self._state.transaction() as sql:
            row = sql.execute(
                f"SELECT * FROM space WHERE {condition}",  # noqa: S608 - our own SQL; values are bound
                [value],
            ).fetchone()
        space = None if row is None else Space.of_row(row)
        return space if space and viewer.may(Role.READ, space) else None

    def all(self, viewer: Viewer, *, by_name: bool = False) -> list[Space]:
        """Return every space that the viewer can see."""
        with self._state.transaction() as sql:
            rows = sql.execute("SELECT * FROM space ORDER BY id").fetchall()
        spaces = [Space.of_row(row) for row in rows]
        seen = [space for space in spaces if space.id in viewer.roles]
        return sorted(seen, key=lambda space: space.name.lower()) if by_name else seen

    def create(
        self, viewer: Viewer, *, key: str, name: str, description: str = ""
    ) -> Space:
        """Create a space that its creator administers and every user can write in.

        :raises InvalidError: if key or name is not allowed.
        """
        account_id = writer(viewer)
        if not KEY.fullmatch(key):
            raise InvalidError(f"The space key {key} is invalid")
        if not name.strip():
            raise InvalidError("name is required")
        with self._ledger.writing() as sql:
            if sql.execute("SELECT 1 FROM space WHERE key = ?", [key]).fetchone():
                raise InvalidError(f"A space already exists with key {key}")
            cursor = sql.execute(
                "INSERT INTO space (key, name, description, author_id, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                [key, name.strip(), description, account_id, self._ledger.now()],
            )
            space_id = str(cursor.lastrowid)
            self.permit(space_id, "group", EVERYBODY, Role.WRITE)
            self.permit(space_id, "group", ADMINISTRATORS, Role.ADMINISTER)
            if not viewer.is_app:
                self.permit(space_id, "user", account_id, Role.ADMINISTER)
            row = sql.execute("SELECT * FROM space WHERE id = ?", [space_id]).fetchone()
            space = Space.of_row(row)
            self._ledger.note("space_created", None, space, account_id)
        return space

    def update(
        self,
        viewer: Viewer,
        space: Space,
        *,
        name: str | None = None,
        description: str | None = None,
        homepage_id: str | None = None,
    ) -> Space:
        """Change name, description or home page; None leaves a value unchanged."""
        viewer.check(Role.ADMINISTER, space)
        changed = replace(
            space,
            name=space.name if name is None else name,
            description=space.description if description is None else description,
            homepage_id=homepage_id or space.homepage_id,
        )
        if not changed.name.strip():
            raise InvalidError("name is required")
        with self._ledger.writing() as sql:
            sql.execute(
                "UPDATE space SET name = ?, description = ?, homepage_id = ?"
                " WHERE id = ?",
                [
                    changed.name,
                    changed.description,
                    changed.homepage_id and int(changed.homepage_id),
                    int(space.id),
                ],
            )
            self._ledger.note("space_updated", space, changed, viewer.account_id)
        return changed

    def permit(
        self, space_id: str, subject_type: str, subject: str, role: Role
    ) -> None:
        """Give a ``user``, a ``group`` or ``anonymous`` a role in a space."""
        with self._state.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO space_permission VALUES (?, ?, ?, ?)",
                [int(space_id), subject_type, subject, int(role)],
            )

    def permissions(self, space: Space) -> list[tuple[str, str, Role]]:
        """Return every subject type, subject and role of a space."""
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT * FROM space_permission WHERE space_id = ?", [int(space.id)]
            ).fetchall()
        return [
            (row["subject_type"], row["subject"], Role(row["role"])) for row in rows
        ]
