"""Content properties and space properties: JSON that apps store."""

import json
from sqlite3 import Row
from typing import Any

from devhost.site.state import State
from devhost.wiki.access import Role, Viewer
from devhost.wiki.changes import Ledger
from devhost.wiki.editor import writer
from devhost.wiki.errors import ConflictError, InvalidError, NotFoundError
from devhost.wiki.records import Content, Property, Space, Version, content_number

MAX_KEY_LENGTH = 255
# https://developer.atlassian.com/cloud/confluence/content-properties/
MAX_VALUE_BYTES = 32 * 1024

Owner = Content | Space


class Properties:
    """The properties of every content and space."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state = state
        self._ledger = ledger

    def all(self, owner: Owner) -> list[Property]:
        """Return the properties of *owner*, oldest first."""
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT * FROM property WHERE owner_type = ? AND owner_id = ?"
                " ORDER BY id",
                _owner(owner),
            ).fetchall()
        return [_property(row) for row in rows]

    def find(self, owner: Owner, key: str) -> Property | None:
        """Return the property with this key, None if there is no such property."""
        with self._state.transaction() as sql:
            row = sql.execute(
                "SELECT * FROM property WHERE owner_type = ? AND owner_id = ?"
                " AND key = ?",
                [*_owner(owner), key],
            ).fetchone()
        return None if row is None else _property(row)

    def get(self, owner: Owner, key: str) -> Property:
        """Return the property with this key.

        :raises NotFoundError: if there is no such property.
        """
        found = self.find(owner, key)
        if found is None:
            raise NotFoundError(f"Can not find property with key: {key}")
        return found

    def get_by_id(self, owner: Owner, identifier: str) -> Property:
        """Return the property with this id.

        :raises NotFoundError: if *owner* has no such property.
        """
        number = content_number(identifier)
        for found in self.all(owner):
            if found.id == str(number):
                return found
        raise NotFoundError(f"Can not find property with id: {identifier}")

    def create(self, viewer: Viewer, owner: Owner, key: str, value: Any) -> Property:
        """Create a property.

        :raises ConflictError: if the key is taken.
        """
        account_id = self._writer(viewer, owner)
        if not key or len(key) > MAX_KEY_LENGTH:
            raise InvalidError(f"key must have 1 to {MAX_KEY_LENGTH} characters")
        with self._ledger.writing() as sql:
            if self.find(owner, key):
                raise ConflictError(f"A property with key {key} already exists")
            sql.execute(
                "INSERT INTO property (owner_type, owner_id, key, value, editor_id,"
                " modified_at) VALUES (?, ?, ?, ?, ?, ?)",
                [*_owner(owner), key, _text(value), account_id, self._ledger.now()],
            )
            return self._noted("created", owner, self.get(owner, key))

    def update(
        self, viewer: Viewer, owner: Owner, old: Property, value: Any, version: int
    ) -> Property:
        """Give a property another value; *version* is the number of the new one.

        :raises ConflictError: if *version* does not follow the current one.
        """
        account_id = self._writer(viewer, owner)
        with self._ledger.writing() as sql:
            old = self.get_by_id(owner, old.id)
            if version != old.version.number + 1:
                raise ConflictError(
                    "Version must be incremented on update. "
                    f"Current version is: {old.version.number}"
                )
            sql.execute(
                "UPDATE property SET value = ?, version = ?, editor_id = ?,"
                " modified_at = ? WHERE id = ?",
                [_text(value), version, account_id, self._ledger.now(), int(old.id)],
            )
            return self._noted("updated", owner, self.get(owner, old.key))

    def delete(self, viewer: Viewer, owner: Owner, old: Property) -> None:
        """Delete a property."""
        account_id = self._writer(viewer, owner)
        with self._ledger.writing() as sql:
            sql.execute("DELETE FROM property WHERE id = ?", [int(old.id)])
            self._noted("removed", owner, old, account_id)

    @staticmethod
    def _writer(viewer: Viewer, owner: Owner) -> str:
        if isinstance(owner, Content):
            viewer.check(Role.WRITE, owner.space)
        else:
            viewer.check(Role.ADMINISTER, owner)
        return writer(viewer)

    def _noted(
        self, happening: str, owner: Owner, found: Property, by: str | None = None
    ) -> Property:
        if isinstance(owner, Content):
            event = f"content_property_{happening}"
            account_id = by or found.version.editor_id
            self._ledger.note(
                event, owner, owner, account_id, key=found.key, property=found
            )
        return found


def _owner(owner: Owner) -> list[Any]:
    if isinstance(owner, Content):
        return ["content", owner.number]
    return ["space", int(owner.id)]


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise InvalidError(f"value cannot be larger than {MAX_VALUE_BYTES} bytes")
    return text


def _property(row: Row) -> Property:
    return Property(
        id=str(row["id"]),
        key=row["key"],
        value=json.loads(row["value"]),
        version=Version(row["version"], row["editor_id"], row["modified_at"]),
    )
