"""The webhook events that an app can subscribe to.

https://developer.atlassian.com/cloud/confluence/modules/webhook/
"""

from dataclasses import dataclass

from devhost.access_rules import policy_events

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Event:
    """One kind of event.

    ``subject`` is the subject of its body, such as ``page``. ``is_fired_here`` says
    whether something that can be done in this host causes it; any other event is fired
    by hand.
    """

    name: str
    subject: str
    is_fired_here: bool = False

    @property
    def content_type(self) -> str:
        """The media type of its body."""
        return policy_events.CONTENT_TYPE if self.subject == "policy" else JSON_TYPE


def _events(subject: str, prefix: str, fired: str, by_hand: str = "") -> list[Event]:
    return [
        *(Event(f"{prefix}_{each}", subject, True) for each in fired.split()),
        *(Event(f"{prefix}_{each}", subject) for each in by_hand.split()),
    ]


CATALOGUE: tuple[Event, ...] = (
    *_events(
        "page",
        "page",
        "created updated trashed restored removed viewed",
        "archived unarchived copied initialized published snapshotted started",
    ),
    Event("page_moved", "page_moved", True),
    Event("page_children_reordered", "page_children_reordered", True),
    *_events("blog", "blog", "created updated trashed restored removed viewed"),
    Event("blog_moved", "blog"),
    *_events("comment", "comment", "created updated removed"),
    *_events(
        "attachment",
        "attachment",
        "created updated trashed restored removed viewed",
        "archived unarchived",
    ),
    *_events("label", "label", "added removed"),
    Event("label_created", "label_only", True),
    Event("label_deleted", "label_only"),
    *_events("content", "content", "created updated trashed restored removed"),
    Event("content_permissions_updated", "permissions"),
    Event("blueprint_page_created", "blueprint"),
    *_events(
        "space",
        "space",
        "created updated",
        "removed trashed logo_updated permissions_updated",
    ),
    *_events("user", "user", "", "followed reactivated removed created deactivated"),
    Event("login", "user"),
    Event("login_failed", "user"),
    Event("logout", "user"),
    *_events("group", "group", "", "created removed"),
    *_events("relation", "relation", "", "created deleted"),
    Event("search_performed", "search"),
    Event("theme_enabled", "plugin"),
    Event("plugin_enabled", "plugin"),
    *_events("app", "connect_addon", "", "enabled disabled"),
    *_events(
        "policy",
        "app",
        "policy_changed access_to_objects_blocked"
        " access_to_objects_in_container_blocked",
    ),
)
EVENTS: dict[str, Event] = {event.name: event for event in CATALOGUE}


def content_type(event: str) -> str:
    """Return the media type of an event's body; JSON for an unknown event."""
    known = EVENTS.get(event)
    return JSON_TYPE if known is None else known.content_type
