"""Custom content: types that apps declare, ``ac:{app key}:{module key}``.

https://developer.atlassian.com/cloud/confluence/modules/custom-content-api-support/
says what can contain such a type, and what it can contain. Assumed: a content exists
only while an enabled app declares its type, and comes back with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from devhost.wiki.access import Viewer
from devhost.wiki.contents import Contents
from devhost.wiki.editor import MAX_TITLE_LENGTH, Edit, Editor, NewContent
from devhost.wiki.errors import InvalidError
from devhost.wiki.records import RAW, Content, Space


@dataclass(frozen=True)
class CustomType:
    """A type of content as its app declares it.

    ``containers`` and ``children`` are types: ``space``, those of Confluence, and
    those of apps. ``body`` is storage or raw.
    """

    key: str
    containers: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    body: str = "storage"
    has_unique_titles: bool = False
    is_indexed: bool = False


class CustomContents:
    """Writes custom content, within the limits of its type."""

    def __init__(self, contents: Contents, editor: Editor) -> None:
        self._contents = contents
        self._editor = editor
        # The declared types by key; set by the module that knows the apps.
        self.types: Callable[[], Mapping[str, CustomType]] = dict
        contents.is_declared = lambda key: key in self.types()

    def type_of(self, key: str) -> CustomType:
        """Return the type with this key.

        :raises InvalidError: if no enabled app declares it.
        """
        found = self.types().get(key)
        if found is None:
            raise InvalidError(
                f"No enabled app declares the content type {key} (customContent)"
            )
        return found

    def create(
        self, viewer: Viewer, new: NewContent, *, representation: str
    ) -> Content:
        """Create a content in its container, or in its space if it has none.

        :raises InvalidError: if the type does not allow title, body or container.
        """
        declared = self.type_of(new.type)
        self._check_container(declared, new.container)
        title = self._checked_title(declared, new.space, new.title, None)
        details = _details(declared, representation if new.body else declared.body)
        return self._editor.create(viewer, replace(new, title=title, details=details))

    def update(
        self, viewer: Viewer, content: Content, edit: Edit, *, representation: str
    ) -> Content:
        """Create a new version of a content.

        :raises InvalidError: if the type does not allow title or body.
        """
        declared = self.type_of(content.type)
        title = content.title if edit.title is None else edit.title
        title = self._checked_title(declared, content.space, title, content)
        if edit.body is not None:
            details = _details(declared, representation)
            edit = replace(edit, details=details)
        return self._editor.update(viewer, content, replace(edit, title=title))

    def check_child(self, container: Content, kind: str) -> None:
        """Refuse a child that a custom content must not have, such as comments.

        :raises InvalidError: if ``supportedChildTypes`` does not name *kind*.
        """
        if container.is_custom and kind not in self.type_of(container.type).children:
            raise InvalidError(
                f"The supportedChildTypes of {container.type} do not name {kind}"
            )

    def _check_container(self, declared: CustomType, within: Content | None) -> None:
        kind = "space" if within is None else within.type
        if kind not in declared.containers:
            raise InvalidError(
                f"The supportedContainerTypes of {declared.key} do not name {kind}"
            )
        if within is not None:
            # Assumed: a container of an app's type must allow it too.
            self.check_child(within, declared.key)

    def _checked_title(
        self, declared: CustomType, space: Space, title: str, own: Content | None
    ) -> str:
        title = title.strip()
        if not title or len(title) > MAX_TITLE_LENGTH:
            raise InvalidError(f"title must have 1 to {MAX_TITLE_LENGTH} characters")
        if declared.has_unique_titles:
            holder = self._contents.titled(space, title, declared.key)
            if holder is not None and (own is None or holder.id != own.id):
                raise InvalidError(
                    f"A content of the type {declared.key} with this title already "
                    "exists in this space (preventDuplicateTitle)"
                )
        return title


def _details(declared: CustomType, representation: str) -> dict[str, str]:
    if representation != declared.body:
        raise InvalidError(
            f"The bodyType of {declared.key} is {declared.body}, not {representation}"
        )
    return {"representation": RAW} if representation == RAW else {}
