"""Attachment files. Everything else about attachments is content."""

import mimetypes
from dataclasses import dataclass

from devhost.site.state import State
from devhost.wiki.access import Viewer
from devhost.wiki.changes import Ledger
from devhost.wiki.contents import Contents
from devhost.wiki.editor import Edit, Editor, NewContent
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import CUSTOM, Content

UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class File:
    """A file as it was sent. A missing media type is guessed from the name."""

    name: str
    data: bytes
    media_type: str = ""
    comment: str = ""

    @property
    def details(self) -> dict[str, str | int]:
        """The attachment's metadata of the file."""
        guessed = mimetypes.guess_type(self.name)[0] or UNKNOWN_TYPE
        return {
            "mediaType": self.media_type or guessed,
            "fileSize": len(self.data),
            "comment": self.comment,
        }


class Attachments:
    """The files of every attachment, in every version."""

    def __init__(
        self, state: State, ledger: Ledger, contents: Contents, editor: Editor
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._contents = contents
        self._editor = editor

    def find(self, viewer: Viewer, page: Content, name: str) -> Content | None:
        """Return the current attachment of a page with this file name."""
        query = self._contents.attached(page, "attachment")
        query.where("content.title = ?", name)
        return next(iter(self._contents.fetch(viewer, query, limit=1)), None)

    def add(self, viewer: Viewer, page: Content, file: File) -> Content:
        """Attach a file.

        :raises InvalidError: if it has no name, or the name is taken.
        """
        if page.kind not in {"page", "blogpost", CUSTOM}:
            raise InvalidError("Only pages and blog posts have attachments")
        name = _checked_name(file.name)
        if self.find(viewer, page, name):
            raise InvalidError(
                "Cannot add a new attachment with same file name as an existing "
                f"attachment: {name}"
            )
        new = NewContent(
            "attachment",
            page.space,
            title=name,
            container=page,
            details=file.details,
            message=file.comment,
        )
        with self._ledger.writing():
            created = self._editor.create(viewer, new)
            self._store(created, file.data)
        return created

    def replace(self, viewer: Viewer, attachment: Content, file: File) -> Content:
        """Store another file as the next version of an attachment."""
        edit = Edit(attachment.version + 1, details=file.details, message=file.comment)
        with self._ledger.writing():
            updated = self._editor.update(viewer, attachment, edit)
            self._store(updated, file.data)
        return updated

    def data(self, attachment: Content, version: int | None = None) -> bytes:
        """Return the file of an attachment, in its current or a past version."""
        with self._state.transaction() as sql:
            row = sql.execute(
                "SELECT data FROM attachment_data WHERE content_id = ?"
                " AND version <= ? ORDER BY version DESC LIMIT 1",
                [attachment.number, version or attachment.version],
            ).fetchone()
        return b"" if row is None else bytes(row["data"])

    def _store(self, attachment: Content, data: bytes) -> None:
        with self._ledger.writing() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO attachment_data VALUES (?, ?, ?)",
                [attachment.number, attachment.version, data],
            )


def _checked_name(name: str) -> str:
    if not name or len(name) > 255 or "/" in name or not name.isprintable():
        raise InvalidError("The file needs a name without slashes")
    return name
