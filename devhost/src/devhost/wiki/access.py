"""Space permissions: who is allowed to do what in which space.

A deliberately small model of Confluence's space permissions: per space, a user, a group
or anonymous visitors can read; or read and write (create, edit, comment, attach, label,
trash); or also administer (purge, change the space). Pages have no restrictions of
their own.

Assumed: an app's own user administers every space, as if nobody had removed its default
permissions; its scopes then limit what it can do. A site administrator has the
permissions of the ``confluence-admins`` group.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from devhost.site.state import State
from devhost.site.users import User
from devhost.wiki.errors import NotFoundError, NotPermittedError
from devhost.wiki.records import Content, Group, Space


class Role(IntEnum):
    """What a subject is allowed to do in a space; each role includes the lower ones."""

    READ = 1
    WRITE = 2
    ADMINISTER = 3


ROLES_OF_PERSON = """
SELECT space_id, max(role) AS role FROM space_permission
WHERE subject_type = 'anonymous'
   OR (subject_type = 'user' AND subject = :account_id)
   OR (subject_type = 'group' AND subject IN
       (SELECT group_id FROM group_member WHERE account_id = :account_id))
GROUP BY space_id
"""


@dataclass(frozen=True)
class Viewer:
    """Somebody who reads and writes, with their role in each space.

    ``account_id`` is None for an anonymous visitor. A space that is not in
    ``roles`` does not exist for the viewer.
    """

    account_id: str | None
    roles: Mapping[str, Role]
    is_app: bool = False
    is_administrator: bool = False
    # Spaces that a rule hides, and those of them that were requested.
    hidden: frozenset[str] = frozenset()
    missed: set[str] = field(default_factory=set, compare=False)

    def may(self, role: Role, space: Space) -> bool:
        """Return whether the viewer has *role* in *space*."""
        if space.id in self.hidden:
            self.missed.add(space.id)
        return self.roles.get(space.id, 0) >= role

    def check(self, role: Role, space: Space) -> None:
        """Refuse an action that the viewer is not allowed.

        :raises NotFoundError: if the viewer must not even know about the space.
        :raises NotPermittedError: if the viewer is only allowed to read it.
        """
        if not self.may(Role.READ, space):
            raise NotFoundError(f"No space found with key: {space.key}")
        if not self.may(role, space):
            raise NotPermittedError(
                f"User does not have permission to {role.name.lower()} "
                f"in the space {space.key}"
            )

    def can_read(self, content: Content) -> bool:
        """Return whether the content exists for the viewer."""
        return self.may(Role.READ, content.space)

    def without(self, space_ids: frozenset[str]) -> "Viewer":
        """Return a viewer for whom these spaces do not exist."""
        kept = {id: role for id, role in self.roles.items() if id not in space_ids}
        hidden = frozenset(space_ids) & frozenset(self.roles)
        return replace(self, roles=kept, hidden=hidden, missed=set())


def person(state: State, user: User) -> Viewer:
    """Return the permissions of *user*."""
    with state.transaction() as sql:
        rows = sql.execute(ROLES_OF_PERSON, {"account_id": user.account_id}).fetchall()
    roles = {str(row["space_id"]): Role(row["role"]) for row in rows}
    return Viewer(user.account_id, roles, is_administrator=user.is_administrator)


def group_member(state: State, group: Group) -> Viewer:
    """Return the permissions of somebody who is only in this group."""
    with state.transaction() as sql:
        rows = sql.execute(
            "SELECT space_id, role FROM space_permission"
            " WHERE subject_type = 'group' AND subject = ?",
            [group.id],
        ).fetchall()
    roles = {str(row["space_id"]): Role(row["role"]) for row in rows}
    return Viewer(f"group:{group.id}", roles)


def app_user(state: State, account_id: str) -> Viewer:
    """Return the permissions of an app's own user."""
    with state.transaction() as sql:
        rows = sql.execute("SELECT id FROM space").fetchall()
    roles = {str(row["id"]): Role.ADMINISTER for row in rows}
    return Viewer(account_id, roles, is_app=True)
