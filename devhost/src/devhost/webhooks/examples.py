"""Example webhook bodies: a realistic one for any event, made from the wiki.

For an event that a change of the wiki causes, the example looks exactly like the real
body. The bodies of ``group``, ``relation`` and ``plugin`` events are documented
nowhere: those here are a guess.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from devhost.access_rules import policy_events
from devhost.install import callbacks
from devhost.site import Site
from devhost.site.installations import Installations
from devhost.site.users import ORDINARY_USER, find_user
from devhost.webhooks.events import EVENTS
from devhost.webhooks.payloads import Writer, short_type
from devhost.webhooks.settings import load
from devhost.wiki import Wiki
from devhost.wiki.access import Viewer
from devhost.wiki.contents import Contents
from devhost.wiki.queries import Query
from devhost.wiki.records import Content, Label, Property


def default_page(site: Site) -> Content | None:
    """Return the page that examples are made from: the oldest, None without pages."""
    query = Contents.all(("page",))
    found = site.get(Wiki).contents.fetch(_everything(site), query, limit=1)
    return next(iter(found), None)


def find_page(site: Site, identifier: str) -> Content | None:
    """Return the page or blog post with this id, None if there is no such one."""
    found = site.get(Wiki).contents.find(_everything(site), identifier)
    return found if found and found.type in {"page", "blogpost"} else None


def _everything(site: Site) -> Viewer:
    return site.get(Wiki).app_viewer("")


def body(
    site: Site, event: str, content: Content | None, account_id: str | None
) -> Any:
    """Return the body of *event* for a page or blog post.

    :raises ValueError: if there is no such event, or the wiki has no page.
    """
    if event not in EVENTS:
        raise ValueError(f"{event} is not an event of Confluence")
    content = content or default_page(site)
    if content is None:
        raise ValueError("there is no page to make the example from")
    example = _Example(site, event, content, account_id)
    return _PARTS[EVENTS[event].subject](example)


@dataclass(frozen=True)
class _Example:
    site: Site
    event: str
    content: Content
    account_id: str | None

    @property
    def writer(self) -> Writer:
        return Writer(self.site, load(self.site.state).numeric_ids)

    @property
    def at(self) -> int:
        return int(time.time() * 1000)

    def enveloped(self, **parts: Any) -> dict[str, Any]:
        return self.writer.envelope(self.at, self.account_id, **parts)

    def attached(self, kind: str) -> Content:
        """Return a comment or an attachment of the page, invented if it has none."""
        found = self.first(Contents.attached(self.content, kind))
        if found is not None:
            return found
        page = self.content
        title = "example.png" if kind == "attachment" else f"Re: {page.title}"
        prefix = "att" if kind == "attachment" else ""
        made_up = replace(page, id=f"{prefix}{page.number + 1}", type=kind, title=title)
        return replace(made_up, parent_id=None, container_id=page.id, version=1)

    def of_type(self, kind: str) -> Content:
        if self.content.type == kind:
            return self.content
        return self.first(Contents.all((kind,))) or replace(self.content, type=kind)

    def first(self, query: Query) -> Content | None:
        contents = self.site.get(Wiki).contents
        found = contents.fetch(_everything(self.site), query, limit=1)
        return next(iter(found), None)

    def person(self) -> dict[str, str]:
        user = find_user(self.account_id or "") or ORDINARY_USER
        return {"accountId": str(user.account_id), "fullName": user.display_name}


def _page(example: _Example) -> Any:
    content = example.of_type("page")
    return _content_event(example, content)


def _blog(example: _Example) -> Any:
    return _content_event(example, example.of_type("blogpost"))


def _content_event(example: _Example, content: Content) -> Any:
    parts: dict[str, Any] = {short_type(content.type): example.writer.content(content)}
    if example.event.endswith("_updated"):
        parts |= {"updateTrigger": "edit_page", "suppressNotifications": False}
    return example.enveloped(**parts)


def _page_moved(example: _Example) -> Any:
    page, write = example.of_type("page"), example.writer.content
    above = [*example.site.get(Wiki).contents.ancestors(page), page]
    return example.enveloped(
        page=write(page), oldParent=write(above[-2:][0]), newParent=write(above[0])
    )


def _page_children_reordered(example: _Example) -> Any:
    page = example.of_type("page")
    query = Contents.children(page)
    contents = example.site.get(Wiki).contents
    found = contents.fetch(_everything(example.site), query, limit=10)
    children = [example.writer.content(each) for each in found]
    return example.enveloped(
        page=example.writer.content(page),
        oldSortedChildren=children[::-1],
        newSortedChildren=children,
    )


def _comment(example: _Example) -> Any:
    shown = example.writer.comment(example.attached("comment"), example.content)
    return example.enveloped(comment=shown)


def _attachment(example: _Example) -> Any:
    shown = example.writer.attachment(example.attached("attachment"), example.content)
    to = example.writer.content(example.content)
    return example.enveloped(attachedTo=to, attachments=[shown])


def _labels(example: _Example) -> list[Label]:
    found = example.site.get(Wiki).labels.of(example.content)
    return found or [Label("1", "global", "example")]


def _label(example: _Example) -> Any:
    labels = _labels(example)
    return example.enveloped(
        label=example.writer.label(labels[0]),
        labeled=example.writer.labeled(example.content, labels),
    )


def _label_only(example: _Example) -> Any:
    return example.enveloped(label=example.writer.label(_labels(example)[0]))


def _property(example: _Example) -> Any:
    content = example.content
    found = example.site.get(Wiki).properties.all(content)
    made_up = Property("1", "example", {}, content.current_version)
    return example.writer.content_property(
        content,
        next(iter(found), made_up),
        is_removed=example.event.endswith("removed"),
    )


def _permissions(example: _Example) -> Any:
    return example.enveloped(content=example.writer.content(example.content))


def _blueprint(example: _Example) -> Any:
    blueprint = {
        "id": str(uuid.uuid4()),
        "indexKey": "meeting-notes",
        "spaceKey": example.content.space.key,
        "i18nNameKey": "Meeting notes",
        "indexTitleI18nKey": "Meeting notes",
        "moduleCompleteKey": "com.example.app:meeting-notes",
        "createResult": "view",
        "howToUseTemplate": "",
    }
    return example.enveloped(
        blueprintContext={},
        blueprint=blueprint,
        creator=example.person(),
        page=example.writer.content(example.of_type("page")),
    )


def _space(example: _Example) -> Any:
    space = example.content.space
    shown = example.writer.space(space, example.at, example.account_id)
    return example.enveloped(space=shown)


def _user(example: _Example) -> Any:
    return example.enveloped(userProfile=example.person())


def _group(example: _Example) -> Any:
    group = example.site.get(Wiki).groups.all()[0]
    return example.enveloped(group={"id": group.id, "name": group.name})


def _relation(example: _Example) -> Any:
    source = {"type": "user", **example.person()}
    target = {"type": "content", "id": example.content.id}
    relation = {"name": "favourite", "source": source, "target": target}
    return example.enveloped(relation=relation)


def _search(example: _Example) -> Any:
    return example.enveloped(
        query=example.content.title,
        spaceKeys=[example.content.space.key],
        spaceCategories=[],
        results=1,
    )


def _plugin(example: _Example) -> Any:
    return example.enveloped(plugin={"key": "com.example.plugin", "name": "Example"})


def _app(example: _Example) -> Any:
    apps = example.site.get(Installations).enabled()
    event = example.event.rpartition("_")[2]
    return callbacks.payload(example.site, apps[0], event) if apps else {}


def _policy(example: _Example) -> Any:
    data: dict[str, Any] = {"workspace": {"cloudId": example.site.cloud_id}}
    if "container" in example.event:
        container = {"product": "confluence", "id": example.content.space.id}
        data["container"] = container
    elif "objects" in example.event:
        content = example.content
        objects = {"product": "confluence", "type": content.type, "ids": [content.id]}
        data["objects"] = [objects]
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": policy_events.SOURCE,
        "type": policy_events.TYPES[example.event],
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "data": data,
    }


_PARTS: dict[str, Callable[[_Example], Any]] = {
    "page": _page,
    "page_moved": _page_moved,
    "page_children_reordered": _page_children_reordered,
    "blog": _blog,
    "comment": _comment,
    "attachment": _attachment,
    "label": _label,
    "label_only": _label_only,
    "content": _property,
    "permissions": _permissions,
    "blueprint": _blueprint,
    "space": _space,
    "user": _user,
    "group": _group,
    "relation": _relation,
    "search": _search,
    "plugin": _plugin,
    "app": _app,
    "policy": _policy,
}
