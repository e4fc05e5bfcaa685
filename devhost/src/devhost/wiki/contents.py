"""Reading of contents, as far as the viewer can see them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from devhost.site.state import State
from devhost.wiki import queries
from devhost.wiki.access import Viewer
from devhost.wiki.errors import NotFoundError
from devhost.wiki.queries import Query
from devhost.wiki.records import (
    CONTENT_COLUMNS,
    CONTENT_TABLES,
    Content,
    Space,
    Version,
    content_number,
)

CURRENT = ("current",)
# The status of anything inside a trashed content; nobody can see it.
BURIED = "buried"
STATUSES = ("current", "draft", "trashed")
BELOW = """
WITH RECURSIVE below(id, depth) AS (
    SELECT id, 1 FROM content WHERE parent_id = ? AND type = 'page'
        AND status = 'current'
    UNION ALL
    SELECT content.id, depth + 1 FROM content JOIN below
        ON content.parent_id = below.id
        WHERE content.type = 'page' AND content.status = 'current' AND depth < ?
)"""
ABOVE = """
WITH RECURSIVE above(id, parent_id, height) AS (
    SELECT id, parent_id, 0 FROM content WHERE id = ?
    UNION ALL
    SELECT content.id, content.parent_id, height + 1 FROM content JOIN above
        ON content.id = above.parent_id WHERE height < 1000
)"""


class Contents:
    """Every page, blog post, comment, attachment and content of apps' types."""

    def __init__(self, state: State) -> None:
        self._state = state
        # Whether an app currently declares a type; undeclared types are hidden.
        self.is_declared: Callable[[str], bool] = lambda type: True

    def find(
        self, viewer: Viewer, identifier: str, statuses: Sequence[str] = CURRENT
    ) -> Content | None:
        """Return the content with this id, or None if the viewer cannot see it."""
        number = content_number(identifier)
        if number is None:
            return None
        query = Query().where("content.id = ?", number)
        (found,) = queries.fetch(self._state, query, limit=1) or (None,)
        if found is None or not viewer.can_read(found) or found.status not in statuses:
            return None
        if found.is_custom and not self.is_declared(found.type):
            return None
        # An attachment's id has a prefix, all others do not.
        return found if found.id == identifier else None

    def get(
        self, viewer: Viewer, identifier: str, statuses: Sequence[str] = CURRENT
    ) -> Content:
        """Return the content with this id.

        :raises NotFoundError: if the viewer can see no such content.
        """
        found = self.find(viewer, identifier, statuses)
        if found is None:
            raise NotFoundError(f"No content found with id: {identifier}")
        return found

    def container_of(self, viewer: Viewer, content: Content) -> Content | None:
        """Return the container of a content, whatever its status; None for a space.

        This works even if no app declares the container's type any more.
        """
        if content.container_id is None:
            return None
        query = Query().where("content.id = ?", int(content.container_id))
        return next(iter(self.fetch(viewer, query, limit=1)), None)

    def find_by_title(
        self, viewer: Viewer, space: Space, title: str, type: str = "page"
    ) -> Content | None:
        """Return the current content of a space with this title."""
        query = self.all((type,)).where("content.title = ?", title)
        query.where("content.space_id = ?", int(space.id))
        return next(iter(self.fetch(viewer, query, limit=1)), None)

    def titled(self, space: Space, title: str, type: str) -> Content | None:
        """Return the current content with this title, whoever is allowed to see it."""
        query = self.all((type,)).where("content.title = ?", title)
        query.where("content.space_id = ?", int(space.id))
        return next(iter(queries.fetch(self._state, query, limit=1)), None)

    @staticmethod
    def all(
        types: Sequence[str],
        *,
        statuses: Sequence[str] = CURRENT,
        order: str = "id",
        descending: bool = False,
    ) -> Query:
        """Return the query for every content of these types and statuses."""
        query = Query(order, descending).among("content.type", types)
        return query.among("content.status", statuses)

    @classmethod
    def children(cls, content: Content, order: str = "child-position") -> Query:
        """Return the query for a page's child pages, or the replies to a comment."""
        query = cls.all((content.type,), order=order)
        return query.where("content.parent_id = ?", content.number)

    @classmethod
    def attached(cls, content: Content, type: str, order: str = "id") -> Query:
        """Return the query for what a content contains, such as its comments."""
        query = cls.all((type,), order=order)
        return query.where("content.container_id = ?", content.number)

    def fetch(
        self,
        viewer: Viewer,
        query: Query,
        *,
        limit: int,
        start: int = 0,
        after: tuple[Any, int] | None = None,
    ) -> list[Content]:
        """Return at most *limit* contents that the viewer can see."""
        query = _seen_by(viewer, query)
        return queries.fetch(self._state, query, limit=limit, start=start, after=after)

    def count(self, viewer: Viewer, query: Query) -> int:
        """Return the number of contents of the query that the viewer can see."""
        return queries.count(self._state, _seen_by(viewer, query))

    def ancestors(self, content: Content) -> list[Content]:
        """Return the pages above a page, topmost first."""
        sql = (
            f"{ABOVE} SELECT {CONTENT_COLUMNS} FROM above"  # noqa: S608 - our own SQL; values are bound
            " JOIN content ON content.id = above.id"
            " JOIN space ON space.id = content.space_id"
            " WHERE above.height > 0 ORDER BY above.height DESC"
        )
        with self._state.transaction() as connection:
            rows = connection.execute(sql, [content.number]).fetchall()
        return [Content.of_row(row) for row in rows]

    def descendants(
        self, content: Content, *, limit: int, start: int = 0, depth: int = 1000
    ) -> list[tuple[int, Content]]:
        """Return the pages below a page with their depths, nearest first."""
        # Everything below a page is in its space.
        sql = (
            f"{BELOW} SELECT {CONTENT_COLUMNS}, below.depth AS depth"  # noqa: S608 - our own SQL; values are bound
            f" FROM below CROSS JOIN {CONTENT_TABLES} WHERE content.id = below.id"
            " ORDER BY below.depth, content.position, content.id LIMIT ? OFFSET ?"
        )
        values = [content.number, depth, limit, start]
        with self._state.transaction() as connection:
            rows = connection.execute(sql, values).fetchall()
        return [(row["depth"], Content.of_row(row)) for row in rows]

    def versions(self, content: Content) -> list[Version]:
        """Return every version, starting with the current one."""
        with self._state.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM content_version WHERE content_id = ?"
                " ORDER BY number DESC",
                [content.number],
            ).fetchall()
        past = [
            Version(
                number=row["number"],
                editor_id=row["editor_id"],
                modified_at=row["modified_at"],
                message=row["message"],
                title=row["title"],
                body=row["body"],
                details=json.loads(row["details"]),
            )
            for row in rows
        ]
        return [content.current_version, *past]

    def get_version(self, content: Content, number: int) -> Version:
        """Return one version.

        :raises NotFoundError: if there is no version with this number.
        """
        for version in self.versions(content):
            if version.number == number:
                return version
        raise NotFoundError(f"No version {number} found for content: {content.id}")


def _seen_by(viewer: Viewer, query: Query) -> Query:
    seen = Query(query.order, query.descending, [*query.conditions], [*query.values])
    return seen.in_spaces(viewer.roles)
