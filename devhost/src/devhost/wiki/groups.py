"""Groups of people. The people themselves are in ``devhost.site.users``."""

from devhost.site.state import State
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER, SPACE_ADMINISTRATOR, User
from devhost.wiki.errors import NotFoundError
from devhost.wiki.records import Group

EVERYBODY = "6d2a9b1e-1c52-4f0e-9a54-1d1c6a5f0001"
ADMINISTRATORS = "6d2a9b1e-1c52-4f0e-9a54-1d1c6a5f0002"
WRITERS = "6d2a9b1e-1c52-4f0e-9a54-1d1c6a5f0003"

SEEDED: tuple[tuple[Group, tuple[User, ...]], ...] = (
    (
        Group(EVERYBODY, "confluence-users"),
        (ADMINISTRATOR, ORDINARY_USER, SPACE_ADMINISTRATOR),
    ),
    (Group(ADMINISTRATORS, "confluence-admins"), (ADMINISTRATOR,)),
    (Group(WRITERS, "technical-writers"), (ORDINARY_USER, SPACE_ADMINISTRATOR)),
)


class Groups:
    """Every group."""

    def __init__(self, state: State) -> None:
        self._state = state

    def seed(self) -> None:
        """Create the groups that every site has here."""
        with self._state.transaction() as sql:
            for group, members in SEEDED:
                sql.execute(
                    "INSERT INTO user_group VALUES (?, ?)", [group.id, group.name]
                )
                sql.executemany(
                    "INSERT INTO group_member VALUES (?, ?)",
                    [(group.id, user.account_id) for user in members],
                )

    def all(self) -> list[Group]:
        """Return every group by name."""
        return self._read("SELECT * FROM user_group ORDER BY name")

    def get(self, *, id: str | None = None, name: str | None = None) -> Group:
        """Return the group with this id or name.

        :raises NotFoundError: if there is no such group.
        """
        for group in self.all():
            if group.id == id or group.name == name:
                return group
        raise NotFoundError(f"No group found: {id or name}")

    def of(self, account_id: str) -> list[Group]:
        """Return the groups of a person."""
        return self._read(
            "SELECT user_group.* FROM user_group JOIN group_member ON group_id = id"
            " WHERE account_id = ? ORDER BY name",
            account_id,
        )

    def members(self, group: Group) -> list[str]:
        """Return the account ids of a group."""
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT account_id FROM group_member WHERE group_id = ?", [group.id]
            ).fetchall()
        return [row["account_id"] for row in rows]

    def _read(self, statement: str, *values: str) -> list[Group]:
        with self._state.transaction() as sql:
            rows = sql.execute(statement, values).fetchall()
        return [Group(row["id"], row["name"]) for row in rows]
