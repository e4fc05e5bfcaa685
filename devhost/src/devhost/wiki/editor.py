"""Writing of contents: create, change, move, trash, restore, remove."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from devhost.wiki import rows
from devhost.wiki.access import Role, Viewer
from devhost.wiki.changes import Ledger
from devhost.wiki.contents import STATUSES, Contents
from devhost.wiki.errors import ConflictError, InvalidError, NotPermittedError
from devhost.wiki.records import RAW, Content, Space, content_id
from devhost.wiki.storage_format import parse, with_macro_ids

MAX_TITLE_LENGTH = 255
EVENT_PREFIX = {"blogpost": "blog"}
TITLED = frozenset({"page", "blogpost"})


@dataclass(frozen=True)
class NewContent:
    """A content to create. If it is inside another content, it has a *container*."""

    type: str
    space: Space
    title: str = ""
    body: str = ""
    status: str = "current"
    parent: Content | None = None
    container: Content | None = None
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edit:
    """Changes to a content; None leaves a value unchanged.

    ``version`` is the number of the new version.
    """

    version: int
    title: str | None = None
    body: str | None = None
    status: str | None = None
    parent: Content | None = None
    message: str = ""
    details: dict[str, Any] | None = None


def event(content: Content, happening: str) -> str:
    """Return the name of an event, such as ``blog_created``."""
    return f"{EVENT_PREFIX.get(content.type, content.type)}_{happening}"


class Editor:
    """Changes contents, and records every change."""

    def __init__(self, ledger: Ledger, contents: Contents) -> None:
        self._ledger = ledger
        self._contents = contents

    def create(self, viewer: Viewer, new: NewContent) -> Content:
        """Create a content.

        :raises InvalidError: if title, body or parent is not allowed.
        :raises NotPermittedError: if the viewer cannot write in the space.
        """
        viewer.check(Role.WRITE, new.space)
        account_id = writer(viewer)
        if new.status not in {"current", "draft"}:
            raise InvalidError("status must be one of current, draft")
        if new.parent is not None and new.parent.space.id != new.space.id:
            raise InvalidError("The parent is in another space")
        now = self._ledger.now()
        with self._ledger.writing() as sql:
            title = new.title
            if new.type in TITLED:
                title = self._free_title(viewer, new.space, new.type, title, None)
            row = {
                "type": new.type,
                "status": new.status,
                "space_id": int(new.space.id),
                "title": title,
                "parent_id": new.parent and new.parent.number,
                "container_id": new.container and new.container.number,
                "position": rows.next_position(sql, new.type, new.parent),
                "body": _checked_body(new.type, new.body, new.details),
                "author_id": account_id,
                "created_at": now,
                "editor_id": account_id,
                "modified_at": now,
                "message": new.message,
                "details": json.dumps(new.details),
            }
            number = rows.insert(sql, row)
            created = self._again(viewer, content_id(number, new.type), new.status)
            rows.index(sql, created)
            if new.status == "current":
                self._note("created", None, created, viewer)
        return created

    def update(self, viewer: Viewer, content: Content, edit: Edit) -> Content:
        """Create a new version; on request restore from the trash, or publish a draft.

        :raises ConflictError: if the version does not follow the current one.
        """
        viewer.check(Role.WRITE, content.space)
        with self._ledger.writing() as sql:
            content = self._contents.get(viewer, content.id, STATUSES)
            _check_version(content, edit)
            changed = self._edited(viewer, content, edit)
            if content.status != "draft":
                rows.keep_version(sql, content)
            rows.write(sql, changed)
            rows.index(sql, changed)
            if content.status == "trashed" and changed.status == "current":
                rows.unbury(sql, content)
            changed = self._again(viewer, content.id, changed.status)
            self._note_update(content, changed, viewer)
        return changed

    def _edited(self, viewer: Viewer, content: Content, edit: Edit) -> Content:
        title = content.title if edit.title is None else edit.title
        if content.type in TITLED:
            title = self._free_title(
                viewer, content.space, content.type, title, content
            )
        body = content.body
        if edit.body is not None:
            body = _checked_body(content.type, edit.body, content.details)
        parent = content.parent_id
        if edit.parent is not None:
            self._check_parent(content, edit.parent)
            parent = edit.parent.id
        return replace(
            content,
            title=title,
            body=body,
            parent_id=parent,
            status=edit.status or content.status,
            version=edit.version,
            editor_id=writer(viewer),
            modified_at=self._ledger.now(),
            message=edit.message,
            details=content.details if edit.details is None else edit.details,
        )

    def trash(self, viewer: Viewer, content: Content) -> None:
        """Move a content to the trash; its child pages move up to its parent."""
        viewer.check(Role.WRITE, content.space)
        with self._ledger.writing() as sql:
            rows.set_status(sql, content, "trashed")
            rows.bury(sql, content)
            rows.move_children_up(sql, content)
            trashed = self._again(viewer, content.id, "trashed")
            self._note("trashed", content, trashed, viewer)

    def remove(self, viewer: Viewer, content: Content) -> None:
        """Remove a content permanently, with its comments and attachments.

        Writers can remove comments and drafts; anything else takes an administrator of
        the space.
        """
        is_small = content.type == "comment" or content.status == "draft"
        viewer.check(Role.WRITE if is_small else Role.ADMINISTER, content.space)
        with self._ledger.writing() as sql:
            rows.move_children_up(sql, content)
            rows.forget(sql, content)
            if content.status != "draft":
                self._note("removed", content, None, viewer)

    def move(
        self, viewer: Viewer, page: Content, position: str, target: Content
    ) -> Content:
        """Move a page ``before``, ``after`` or to the end below (``append``) another.

        Its version number does not change.

        :raises InvalidError: if the target is below the page, or in another space.
        """
        viewer.check(Role.WRITE, page.space)
        if position not in {"before", "after", "append"}:
            raise InvalidError("position must be one of before, after, append")
        parent_id = target.id if position == "append" else target.parent_id
        if target.id == page.id:
            raise InvalidError("A page cannot be moved relative to itself")
        self._check_parent(page, target)
        with self._ledger.writing() as sql:
            old_order = rows.order(sql, page)
            siblings = rows.siblings(sql, page, parent_id)
            if position == "append":
                siblings.append(page.number)
            else:
                place = siblings.index(target.number) + (position == "after")
                siblings.insert(place, page.number)
            rows.put_below(sql, page, parent_id, siblings)
            moved = self._again(viewer, page.id, page.status)
            self._note_move(
                page, moved, viewer, oldOrder=old_order, newOrder=rows.order(sql, page)
            )
        return moved

    def _check_parent(self, page: Content, parent: Content) -> None:
        if parent.space.id != page.space.id:
            raise InvalidError("The parent is in another space")
        line = [*self._contents.ancestors(parent), parent]
        if any(each.id == page.id for each in line):
            raise InvalidError("A page cannot be moved below itself")

    def _free_title(
        self, viewer: Viewer, space: Space, type: str, title: str, own: Content | None
    ) -> str:
        title = title.strip()
        if not title:
            raise InvalidError("title is required")
        if len(title) > MAX_TITLE_LENGTH:
            raise InvalidError(
                f"Title cannot be longer than {MAX_TITLE_LENGTH} characters"
            )
        # Only pages need a unique title.
        holder = type == "page" and self._contents.find_by_title(viewer, space, title)
        if holder and (own is None or holder.id != own.id):
            raise InvalidError(
                "A page with this title already exists: "
                "A page already exists with the same TITLE in this space"
            )
        return title

    def _again(self, viewer: Viewer, identifier: str, status: str) -> Content:
        return self._contents.get(viewer, identifier, (status,))

    def _note_update(self, before: Content, after: Content, viewer: Viewer) -> None:
        if after.status == "draft":
            return
        happening = {"draft": "created", "trashed": "restored"}.get(before.status)
        self._note(happening or "updated", before, after, viewer)
        if before.parent_id != after.parent_id:
            self._note_move(before, after, viewer)

    def _note_move(
        self, before: Content, after: Content, viewer: Viewer, **orders: list[str]
    ) -> None:
        parents = before.parent_id, after.parent_id
        old, new = (each and self._contents.find(viewer, each) for each in parents)
        more = {"oldParent": old, "newParent": new, **orders}
        happening = "page_moved" if old != new else "page_children_reordered"
        self._ledger.note(happening, before, after, viewer.account_id, **more)

    def _note(
        self, happening: str, before: Content | None, after: Content | None, who: Viewer
    ) -> None:
        content = after or before
        if content is None:  # pragma: no cover - callers give one of them
            return
        more: dict[str, Any] = {}
        if content.container_id is not None:
            more["container"] = self._contents.container_of(who, content)
        name = event(content, happening)
        self._ledger.note(name, before, after, who.account_id, **more)


def writer(viewer: Viewer) -> str:
    """Return the account that is writing.

    :raises NotPermittedError: if it is an anonymous visitor.
    """
    if viewer.account_id is None:
        raise NotPermittedError("Anonymous users may not write")
    return viewer.account_id


def _checked_body(content_type: str, body: str, details: dict[str, Any]) -> str:
    if content_type == "attachment":
        return ""
    if details.get("representation") == RAW:
        return body
    parse(body)
    return with_macro_ids(body)


def _check_version(content: Content, edit: Edit) -> None:
    # A draft stays at version 1 until it is published.
    expected = 1 if content.status == "draft" else content.version + 1
    if edit.version != expected:
        raise ConflictError(
            "Version must be incremented on update. "
            f"Current version is: {content.version}"
        )
    if edit.status is not None and edit.status not in {"current", content.status}:
        raise InvalidError(f"A {content.status} content cannot become {edit.status}")
