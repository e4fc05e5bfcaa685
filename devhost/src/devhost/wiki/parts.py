"""The parts of a wiki: spaces, contents, and everything that belongs to them."""

import logging

from devhost.site.state import State
from devhost.site.users import User
from devhost.wiki import access
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
from devhost.wiki.spaces import Spaces

logger = logging.getLogger("devhost")


class WikiParts:
    """Readers and writers of the wiki in one state file, whose tables exist."""

    def __init__(self, state: State) -> None:
        self._state = state
        # See devhost/wiki/changes.py for what it sends.
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

    def viewer(self, user: User) -> Viewer:
        """Return the current permissions of *user*."""
        return access.person(self._state, user)

    def group_viewer(self, group: Group) -> Viewer:
        """Return the current permissions of somebody who is only in this group."""
        return access.group_member(self._state, group)

    def app_viewer(self, account_id: str) -> Viewer:
        """Return the current permissions of an app's own user."""
        return access.app_user(self._state, account_id)

    def _announce(self, change: Change) -> None:
        for receiver in self.changes.receivers_for(self):
            try:
                receiver(self, change=change)
            except Exception:
                logger.exception("a listener of %s failed", change.event)
