"""Past versions of a content, for both versions of the API."""

from devhost.rest.viewer import wiki
from devhost.wiki.records import Content


def past(content: Content, number: int) -> Content:
    """Return a content as it was in a past version.

    :raises NotFoundError: if there is no such version.
    """
    version = wiki.contents.get_version(content, number)
    return Content(
        **{
            **content.__dict__,
            "title": version.title,
            "body": version.body,
            "version": version.number,
            "editor_id": version.editor_id,
            "modified_at": version.modified_at,
            "message": version.message,
            "status": content.status if number == content.version else "historical",
        }
    )
