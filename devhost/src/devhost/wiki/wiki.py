"""The wiki of a site: everything people and apps read and write."""

import logging

from devhost.site.state import State
from devhost.site.users import User
from devhost.wiki import access, schema
from devhost.wiki.access import Viewer
from devhost.wiki.attachments import Attachments
from devhost.wiki.changes import Change, Ledger, signal
from devhost.wiki.contents import Contents
from devhost.wiki.custom_content import CustomContents
from devhost.wiki.editor import Editor
from devhost.wiki.groups import Groups
from devhost.wiki.labels import Labels
from devhost.wiki.properties import Properties
from devhost.wiki.records import Group
from devhost.wiki.seed import seed
from devhost.wiki.spaces import Spaces

logger = logging.getLogger("devhost")


class Wiki:
    """The wiki in one state file; the first one finds it empty, and seeds it."""

    def __init__(self, state: State) -> None:
        self._state = state
        # See devhost/wiki/changes.py for what is sent.
        self.changes = signal()
        self.ledger = Ledger(state, self._announce)
        self.groups = Groups(state)
        self.spaces = Spaces(state, self.ledger)
        self.contents = Contents(state)
        self.editor = Editor(self.ledger, self.contents)
        self.custom = CustomContents(self.contents, self.editor)
        self.labels = Labels(state, self.ledger)
        self.properties = Properties(state, self.ledger)
        self.attachments = Attachments(state, self.ledger, self.contents, self.editor)
        with state.transaction() as sql:
            schema.create(sql)
            if sql.execute("SELECT 1 FROM user_group").fetchone() is None:
                seed(self)

    def reset(self) -> None:
        """Forget everything, and begin with the seeded wiki again."""
        with self._state.transaction() as sql:
            schema.empty(sql)
            seed(self)

    def viewer(self, user: User) -> Viewer:
        """Return what *user* may do now."""
        return access.person(self._state, user)

    def group_viewer(self, group: Group) -> Viewer:
        """Return what a member of one group only may do now."""
        return access.group_member(self._state, group)

    def app_viewer(self, account_id: str) -> Viewer:
        """Return what an app's own user may do now."""
        return access.app_user(self._state, account_id)

    def _announce(self, change: Change) -> None:
        for receiver in self.changes.receivers_for(self):
            try:
                receiver(self, change=change)
            except Exception:
                logger.exception("a listener of %s failed", change.event)
