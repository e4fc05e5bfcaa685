"""Webhook payloads: the JSON of a page, a comment or a space in a body.

The fields are those of Confluence's own host code of 2016 with account ids instead of
user names, as in bodies captured on real sites. All times are milliseconds since the
epoch; the body of a page is not included.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from devhost.site import CONTEXT_PATH, Site
from devhost.site.users import find_user
from devhost.wiki.records import (
    CUSTOM,
    Content,
    Label,
    Property,
    Space,
    Version,
    iso_time,
)

PROPERTY_TYPE = (
    "com.atlassian.confluence.plugins.confluence-content-property-storage"
    ":content-property"
)
SHORT_TYPES = {"blogpost": "blog"}
PLACES = {"blogpost": "blog", CUSTOM: "custom-content"}


@dataclass(frozen=True)
class Writer:
    """Writes bodies for one site."""

    site: Site
    numeric_ids: bool = False

    def envelope(self, at: int, account_id: str | None, **more: Any) -> dict[str, Any]:
        """Return the start of every body; an anonymous user is left out."""
        who: dict[str, Any] = {}
        if account_id is not None:
            kind = "customer" if find_user(account_id) else "app"
            who = {"userAccountId": account_id, "accountType": kind}
        return {"timestamp": at, **who, **more}

    def content(self, found: Content) -> dict[str, Any]:
        """Return a page, blog post, comment or attachment without its container."""
        shown: dict[str, Any] = {
            "id": self._id(found.number),
            "idAsString": str(found.number),
            "contentType": found.type,
            "spaceKey": found.space.key,
            "spaceId": int(found.space.id),
            "title": found.title,
            "version": found.version,
            "creatorAccountId": found.author_id,
            "creationDate": found.created_at,
            "lastModifierAccountId": found.editor_id,
            "modificationDate": found.modified_at,
            "self": self.address(found),
        }
        if found.type == "comment":
            # A comment's title is derived from its page's, and is not sent.
            del shown["title"]
        return shown

    def comment(self, found: Content, container: Content | None) -> dict[str, Any]:
        """Return a comment with its page, and with the comment it replies to."""
        shown = self.content(found)
        if container is not None:
            shown["parent"] = self.content(container)
            shown["self"] = f"{self.address(container)}?focusedCommentId={found.id}"
        if found.parent_id is not None:
            shown["inReplyTo"] = {
                "id": self._id(int(found.parent_id)),
                "idAsString": found.parent_id,
            }
        return shown

    def attachment(self, found: Content, container: Content | None) -> dict[str, Any]:
        """Return an attachment with its file."""
        shown = self.content(found)
        shown["fileName"] = shown.pop("title")
        shown["fileSize"] = found.details.get("fileSize", 0)
        shown["comment"] = found.message
        if container is not None:
            shown["self"] = f"{self.address(container)}?preview=/{found.number}"
        return shown

    def label(self, found: Label) -> dict[str, Any]:
        """Return a label."""
        return {
            "name": found.name,
            "prefix": found.prefix,
            "title": found.name,
            "self": f"{self.site.base_url}/label/{quote_plus(found.name)}",
        }

    def labeled(self, found: Content, labels: list[Label]) -> dict[str, Any]:
        """Return a content with the names of its labels."""
        return {
            **self.content(found),
            "labels": [{"name": each.name} for each in labels],
        }

    def space(self, found: Space, at: int, account_id: str | None) -> dict[str, Any]:
        """Return a space that was last changed *at* a time, by this account."""
        shown: dict[str, Any] = {
            "id": int(found.id),
            "key": found.key,
            "title": found.name,
            "description": found.description,
            "isPersonalSpace": found.type == "personal",
            "self": f"{self.site.base_url}/spaces/{found.key}",
            "creatorAccountId": found.author_id,
            "creationDate": found.created_at,
            "lastModifierAccountId": account_id or found.author_id,
            "modificationDate": at,
        }
        if found.homepage_id is not None:
            number = int(found.homepage_id)
            shown["homePage"] = {"id": self._id(number), "idAsString": str(number)}
        return shown

    def content_property(
        self, owner: Content, found: Property, *, is_removed: bool = False
    ) -> dict[str, Any]:
        """Return a content property as REST v1 shows a content."""
        # A deleted property refers to its space only.
        shown = self._as_rest(found.id, owner.space, found.version)
        container = f"/rest/api/content/{owner.id}"
        if not is_removed:
            shown["_expandable"]["container"] = container
        return {"type": PROPERTY_TYPE, "title": found.key, **shown}

    def custom_content(self, found: Content) -> dict[str, Any]:
        """Return a content of an app's own type, as REST v1 shows one."""
        shown = self._as_rest(found.id, found.space, found.current_version)
        shown["status"] = found.status
        if found.container_id is not None:
            container = f"/rest/api/content/{found.container_id}"
            shown["_expandable"]["container"] = container
        return {"type": found.type, "title": found.title, **shown}

    def _as_rest(self, id: str, space: Space, version: Version) -> dict[str, Any]:
        base, space_link = self.site.base_url, f"/rest/api/space/{space.key}"
        return {
            "id": id,
            "status": "current",
            "space": {
                "id": int(space.id),
                "key": space.key,
                "name": space.name,
                "type": space.type,
                "status": space.status,
                "_links": {
                    "webui": f"/spaces/{space.key}",
                    "self": f"{base}{space_link}",
                },
            },
            "version": {
                "by": {"type": "known", "accountId": version.editor_id},
                "when": iso_time(version.modified_at),
                "message": version.message,
                "number": version.number,
                "minorEdit": False,
            },
            "_expandable": {"container": space_link, "body": ""},
            "_links": {
                "context": CONTEXT_PATH,
                "self": f"{base}/rest/api/content/{id}",
                "base": base,
            },
        }

    def address(self, found: Content) -> str:
        """Return the address of a content for people."""
        place = PLACES.get(found.kind, "pages")
        title = quote_plus(found.title)
        root = f"{self.site.base_url}/spaces/{found.space.key}/{place}"
        return f"{root}/{found.number}/{title}"

    def _id(self, number: int) -> int | str:
        return number if self.numeric_ids else str(number)


def short_type(content_type: str) -> str:
    """Return the name of a content type in bodies and in event names."""
    return SHORT_TYPES.get(content_type, content_type)
