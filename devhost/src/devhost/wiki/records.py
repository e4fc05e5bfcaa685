"""Records of the wiki: immutable copies of what is stored."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CONTENT_COLUMNS = (
    "content.*, space.key AS space_key, space.name AS space_name,"
    " space.description AS space_description, space.type AS space_type,"
    " space.status AS space_status, space.homepage_id AS space_homepage_id,"
    " space.author_id AS space_author_id, space.created_at AS space_created_at"
)
# A type that an app declares is ac:{app key}:{module key}.
CUSTOM_PREFIX = "ac:"
CUSTOM = "custom"
# The representation of a body that is not storage format, but the app's own text.
RAW = "raw"
# The left table is read first, so that its index gives the order.
CONTENT_TABLES = "content CROSS JOIN space ON space.id = content.space_id"


def iso_time(milliseconds: int) -> str:
    """Return a time as Confluence writes it, such as 2026-03-02T09:30:00.000Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


@dataclass(frozen=True)
class Space:
    """A space; its id is a number in a string, as in REST."""

    id: str
    key: str
    name: str
    description: str
    type: str
    status: str
    homepage_id: str | None
    author_id: str
    created_at: int

    @classmethod
    def of_row(cls, row: sqlite3.Row, prefix: str = "") -> "Space":
        """Return the space in a row whose columns begin with *prefix*."""
        homepage = row[f"{prefix}homepage_id" if prefix else "homepage_id"]
        return cls(
            id=str(row["space_id" if prefix else "id"]),
            key=row[f"{prefix}key"],
            name=row[f"{prefix}name"],
            description=row[f"{prefix}description"],
            type=row[f"{prefix}type"],
            status=row[f"{prefix}status"],
            homepage_id=None if homepage is None else str(homepage),
            author_id=row[f"{prefix}author_id"],
            created_at=row[f"{prefix}created_at"],
        )


@dataclass(frozen=True)
class Version:
    """One version of a content or a property."""

    number: int
    editor_id: str
    modified_at: int
    message: str = ""
    title: str = ""
    body: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """A page, blog post, comment, attachment or content of an app's own type.

    It is in its current version. ``parent_id`` is a page's parent page or a comment's
    parent comment; ``container_id`` is the container of a comment, an attachment or a
    custom content. ``details`` holds what only one type has, such as an attachment's
    ``mediaType``.
    """

    id: str
    type: str
    status: str
    space: Space
    title: str
    body: str
    parent_id: str | None
    container_id: str | None
    position: int
    version: int
    author_id: str
    created_at: int
    editor_id: str
    modified_at: int
    message: str
    details: dict[str, Any]

    @classmethod
    def of_row(cls, row: sqlite3.Row) -> "Content":
        """Return the content in a row of ``CONTENT_COLUMNS``."""
        return cls(
            id=content_id(row["id"], row["type"]),
            type=row["type"],
            status=row["status"],
            space=Space.of_row(row, "space_"),
            title=row["title"],
            body=row["body"],
            parent_id=_text(row["parent_id"]),
            container_id=_text(row["container_id"]),
            position=row["position"],
            version=row["version"],
            author_id=row["author_id"],
            created_at=row["created_at"],
            editor_id=row["editor_id"],
            modified_at=row["modified_at"],
            message=row["message"],
            details=json.loads(row["details"]),
        )

    @property
    def number(self) -> int:
        """The id in the database."""
        return int(self.id.removeprefix("att"))

    @property
    def is_custom(self) -> bool:
        """Whether an app declares the type."""
        return self.type.startswith(CUSTOM_PREFIX)

    @property
    def kind(self) -> str:
        """The type, with one word for all types of apps."""
        return CUSTOM if self.is_custom else self.type

    @property
    def is_raw(self) -> bool:
        """Whether the body is not storage format."""
        return self.details.get("representation") == RAW

    @property
    def current_version(self) -> Version:
        """The current version as a ``Version``."""
        return Version(
            self.version,
            self.editor_id,
            self.modified_at,
            self.message,
            self.title,
            self.body,
            self.details,
        )

    def context(self) -> dict[str, Any]:
        """Return this content's part of the ``context`` claim.

        Assumed: as in Confluence's host code, every type of an app is ``custom``.
        """
        return {
            "content": {
                "id": self.id,
                "type": self.kind,
                "version": str(self.version),
                "plugin": self.type if self.is_custom else "",
            },
            "space": {"id": self.space.id, "key": self.space.key},
        }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def content_id(number: int, content_type: str) -> str:
    """Return the id as in REST: an attachment's begins with ``att``."""
    return f"att{number}" if content_type == "attachment" else str(number)


def content_number(identifier: str) -> int | None:
    """Return the id in the database, None if it is not a valid id."""
    digits = identifier.removeprefix("att")
    if digits.isascii() and digits.isdigit() and len(digits) < 18:
        return int(digits)
    return None


@dataclass(frozen=True)
class Label:
    """A label; the usual prefix is ``global``."""

    id: str
    prefix: str
    name: str


@dataclass(frozen=True)
class Property:
    """A content or space property; the value is any JSON."""

    id: str
    key: str
    value: Any
    version: Version


@dataclass(frozen=True)
class Group:
    """A group of people."""

    id: str
    name: str
