"""Occurrences: what happened, as Connect's events with their bodies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from devhost.site import Site
from devhost.webhooks.events import EVENTS
from devhost.webhooks.payloads import Writer, short_type
from devhost.webhooks.settings import load
from devhost.wiki import Wiki
from devhost.wiki.changes import Change
from devhost.wiki.records import Content, Label, Space

PROPERTY_PREFIX = "content_property_"


@dataclass(frozen=True)
class Occurrence:
    """One event that happened.

    ``content`` and ``space`` are used for a webhook's URL and its conditions;
    ``property_key`` for its ``propertyKeys``. With an ``app_key``, only that app is
    notified.
    """

    event: str
    payload: Any = field(repr=False)
    account_id: str | None = None
    content: Content | None = None
    space: Space | None = None
    property_key: str | None = None
    app_key: str | None = None


def of_change(site: Site, change: Change, *, numeric_ids: bool) -> Iterator[Occurrence]:
    """Yield the Connect event of a change of the wiki, if it has one."""
    subject = change.after or change.before
    writer = Writer(site, numeric_ids)
    if isinstance(subject, Space):
        shown = writer.space(subject, change.at, change.account_id)
        payload = writer.envelope(change.at, change.account_id, space=shown)
        yield Occurrence(change.event, payload, change.account_id, space=subject)
    elif isinstance(subject, Content):
        name = _event_name(change, subject)
        if name in EVENTS:
            yield _of_content(writer, change, name, subject)


def view(
    site: Site, content: Content, account_id: str | None, container: Content | None
) -> Occurrence:
    """Return the event of a page, blog post or attachment being viewed."""
    writer = Writer(site, load(site.state).numeric_ids)
    name = short_type(content.type)
    now, event = site.get(Wiki).ledger.now(), f"{name}_viewed"
    details = {"container": container}
    change = Change(event, content, content, account_id, now, details=details)
    return _of_content(writer, change, event, content)


def _event_name(change: Change, subject: Content) -> str:
    if change.event.startswith(PROPERTY_PREFIX):
        return f"content_{change.event.removeprefix(PROPERTY_PREFIX)}"
    if change.event in EVENTS:
        return change.event
    # The type of custom content is in the event's name: Connect calls it content.
    return f"content_{change.event.rpartition('_')[2]}"


def _of_content(
    writer: Writer, change: Change, event: str, content: Content
) -> Occurrence:
    parts = _parts(writer, change, content)
    # A body in REST's format is not wrapped.
    payload = parts.get("rest")
    if payload is None:
        payload = writer.envelope(change.at, change.account_id, **parts)
    return Occurrence(
        event,
        payload,
        change.account_id,
        content,
        content.space,
        property_key=change.details.get("key"),
    )


def _parts(writer: Writer, change: Change, subject: Content) -> dict[str, Any]:
    if change.event.startswith(PROPERTY_PREFIX):
        found, is_removed = change.details["property"], change.event.endswith("removed")
        shown = writer.content_property(subject, found, is_removed=is_removed)
        return {"rest": shown}
    if change.label is not None:
        return _label_parts(writer, change.event, subject, change.label)
    if change.event == "page_children_reordered":
        return _order_parts(writer, change, subject)
    container = change.details.get("container")
    if subject.type == "attachment":
        attached = {} if container is None else writer.content(container)
        shown = writer.attachment(subject, container)
        return {"attachedTo": attached, "attachments": [shown]}
    if subject.type == "comment":
        return {"comment": writer.comment(subject, container)}
    if subject.type not in {"page", "blogpost"}:
        return {"rest": writer.custom_content(subject)}
    parts: dict[str, Any] = {short_type(subject.type): writer.content(subject)}
    if change.event == "page_moved":
        for name in ("oldParent", "newParent"):
            parent = change.details.get(name)
            parts[name] = None if parent is None else writer.content(parent)
    elif change.event.endswith("_updated"):
        parts |= {"updateTrigger": "edit_page", "suppressNotifications": False}
    return parts


def _label_parts(
    writer: Writer, event: str, subject: Content, label: Label
) -> dict[str, Any]:
    parts: dict[str, Any] = {"label": writer.label(label)}
    if event != "label_created":
        labels = writer.site.get(Wiki).labels.of(subject)
        parts["labeled"] = writer.labeled(subject, labels)
    return parts


def _order_parts(writer: Writer, change: Change, subject: Content) -> dict[str, Any]:
    viewer = writer.site.get(Wiki).app_viewer("")
    known = {subject.id: subject}

    def pages(name: str) -> list[dict[str, Any]]:
        shown = []
        for id in change.details.get(name, []):
            page = known.get(id) or writer.site.get(Wiki).contents.find(viewer, id)
            if page is not None:
                known[id] = page
                shown.append(writer.content(page))
        return shown

    parent = change.details.get("newParent")
    return {
        "page": writer.content(parent or subject),
        "oldSortedChildren": pages("oldOrder"),
        "newSortedChildren": pages("newOrder"),
    }
