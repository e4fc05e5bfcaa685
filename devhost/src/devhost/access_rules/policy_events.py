"""The webhook events that tell an app that a rule took its access away.

https://developer.atlassian.com/platform/forge/events-reference/data-security-policy-events/

No event is sent when access comes back, nor when an app is installed. Assumed: the
bodies of Connect's webhooks are those of Forge's events (CloudEvents), and
``app_policy_changed``, which is documented nowhere, has a body without objects.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devhost.site import Site
from devhost.wiki.records import Space

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
SOURCE = "atlassian.com/ecosystem"
CHANGED = "app_policy_changed"
OBJECTS_BLOCKED = "app_access_to_objects_blocked"
CONTAINER_BLOCKED = "app_access_to_objects_in_container_blocked"
TYPES = {
    CHANGED: "avi:ecosystem.app_policy:changed:app_policy.v1",
    OBJECTS_BLOCKED: "avi:ecosystem.app_policy:blocked:app_access_to_objects.v2",
    CONTAINER_BLOCKED: (
        "avi:ecosystem.app_policy:blocked:app_access_to_objects_in_container.v2"
    ),
}
# The objects of Confluence that exist in the local wiki.
OBJECT_TYPES = ("page", "blogpost")
# There is a limit, but its value is documented nowhere.
OBJECTS_PER_EVENT = 500


@dataclass(frozen=True)
class PolicyEvent:
    """One event for one app, named as Connect's webhooks are."""

    name: str
    app_key: str
    body: dict[str, Any] = field(repr=False)


def events_of_loss(
    site: Site, app_key: str, spaces: Sequence[Space]
) -> Iterator[PolicyEvent]:
    """Yield the events for an app that has just been blocked in *spaces*."""
    if not spaces:
        return
    yield _event(site, CHANGED, app_key, {})
    for space in spaces:
        container = {"product": "confluence", "id": space.id}
        yield _event(site, CONTAINER_BLOCKED, app_key, {"container": container})
        for kind in OBJECT_TYPES:
            ids = _ids(site, space, kind)
            for start in range(0, len(ids), OBJECTS_PER_EVENT):
                part = ids[start : start + OBJECTS_PER_EVENT]
                objects = [{"product": "confluence", "type": kind, "ids": part}]
                yield _event(site, OBJECTS_BLOCKED, app_key, {"objects": objects})


def _ids(site: Site, space: Space, kind: str) -> list[str]:
    with site.state.transaction() as sql:
        rows = sql.execute(
            "SELECT id FROM content WHERE space_id = ? AND type = ?"
            " AND status = 'current' ORDER BY id",
            [int(space.id), kind],
        ).fetchall()
    return [str(row["id"]) for row in rows]


def _event(site: Site, name: str, app_key: str, data: dict[str, Any]) -> PolicyEvent:
    body = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": TYPES[name],
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "data": {"workspace": {"cloudId": site.cloud_id}, **data},
    }
    return PolicyEvent(name, app_key, body)
