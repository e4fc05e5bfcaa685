"""Changes of the wiki: a signal for listeners such as webhooks.

Connect a listener to ``wiki.changes``, a blinker signal::

    site.get(Wiki).changes.connect(listener, weak=False)

    def listener(wiki: Wiki, change: Change) -> None: ...

It is called after the change is committed, in the thread that made it, with no lock
held. A listener that fails is logged and does not stop the others.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any

from blinker import Signal

from devhost.site.state import State
from devhost.wiki.records import Content, Label, Space


@dataclass(frozen=True)
class Change:
    """One event, named as Connect's webhooks are.

    ``page_``, ``blog_``, ``comment_`` and ``attachment_`` with ``created``,
    ``updated``, ``trashed``, ``restored``, ``removed``; ``page_moved``, and
    ``page_children_reordered`` for a move below the same parent;
    ``label_created``, ``label_added`` and ``label_removed`` (*after* is the
    labelled content, ``label`` the label); ``space_created``, ``space_updated``.
    ``content_property_created``, ``..._updated`` and ``..._removed`` are not events of
    Connect; their ``details`` have the ``key`` and the ``property``.

    *before* is None for something new, *after* for something deleted. ``details`` are
    the extra facts of one event: ``container`` (a comment's or an attachment's page),
    ``oldParent`` and ``newParent`` (contents or None), ``oldOrder`` and ``newOrder``
    (the ids of the children of ``newParent``).
    """

    event: str
    before: Content | Space | None
    after: Content | Space | None
    account_id: str | None
    at: int
    label: Label | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """Holds changes back until they are committed."""

    def __init__(
        self, state: State, announce: Callable[[Change], None] = lambda change: None
    ) -> None:
        self._state = state
        self._pending: list[Change] = []
        self._depth = 0
        self._announce = announce
        self.now: Callable[[], int] = lambda: int(time.time() * 1000)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold a transaction; announce the noted changes when it is committed."""
        noted: list[Change] = []
        with self._state.transaction() as sql:
            self._depth += 1
            try:
                yield sql
            except BaseException:
                self._pending = []
                raise
            finally:
                self._depth -= 1
            # The lock is still held, so these are our own changes.
            if self._depth == 0:
                noted, self._pending = self._pending, []
        for change in noted:
            self._announce(change)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Write without notifying anybody, with times set by the caller."""
        now = self.now
        with self._state.transaction():
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._pending = []
                self.now = now

    def note(
        self,
        event: str,
        before: Content | Space | None,
        after: Content | Space | None,
        account_id: str | None,
        **more: Any,
    ) -> None:
        """Note an event of the open transaction."""
        label = more.pop("label", None)
        self._pending.append(
            Change(event, before, after, account_id, self.now(), label, more)
        )


def signal() -> Signal:
    """Return the signal of one wiki."""
    return Signal("What changed in the wiki, after it is committed.")
