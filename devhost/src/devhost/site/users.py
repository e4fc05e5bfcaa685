"""The users of the local site. Their account ids never change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """A person who can look at a page."""

    name: str
    account_id: str | None
    display_name: str
    is_administrator: bool = False


ADMINISTRATOR = User("admin", "557058:devhost-administrator", "Ada Admin", True)
ORDINARY_USER = User("user", "557058:devhost-ordinary-user", "Uma User")
SPACE_ADMINISTRATOR = User(
    "space-admin", "557058:devhost-space-administrator", "Sol Space"
)
ANONYMOUS = User("anonymous", None, "Anonymous")

USERS = {
    user.name: user
    for user in (ADMINISTRATOR, SPACE_ADMINISTRATOR, ORDINARY_USER, ANONYMOUS)
}


def find_user(account_id: str) -> User | None:
    """Return the person with this account id, None if there is no such person."""
    for user in USERS.values():
        if user.account_id is not None and user.account_id == account_id:
            return user
    return None
