"""The descriptor's webhooks and the handlers are checked against each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.connect import WebhookDelivery, webhook
from app.connect.descriptor.check_webhooks import find_webhook_differences
from app.connect.errors import DescriptorError
from app.connect.webhooks.handlers import registered
from tests.example import HOME, create_app


def handle(delivery: WebhookDelivery) -> None:
    """An author's handler."""


def other(delivery: WebhookDelivery) -> None:
    """Another handler."""


HANDLERS = {"page_created": [handle]}
NAME = f"{__name__}.handle"
ENTRY = {"event": "page_created", "url": "/webhooks/page_created"}


def differences(*entries: Any, handlers: Any = HANDLERS) -> list[str]:
    descriptor = {"modules": {"webhooks": list(entries)}}
    return list(find_webhook_differences(descriptor, handlers))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([ENTRY], id="as-written"),
        pytest.param(
            [ENTRY | {"url": "/webhooks/page_created?space={space.key}"}], id="query"
        ),
        pytest.param(
            [ENTRY, {"event": "page_removed", "url": "/own"}], id="a-route-of-ones-own"
        ),
        pytest.param([ENTRY, ENTRY | {"excludeBody": True}], id="twice"),
        pytest.param(
            [
                ENTRY,
                {
                    "event": "app_policy_changed",
                    "url": "/webhooks/app_policy_changed",
                },
            ],
            id="what-the-framework-takes",
        ),
        pytest.param(
            [ENTRY, {"event": "app_policy_changed", "url": "/own"}],
            id="a-policy-in-a-route-of-ones-own",
        ),
    ],
)
def test_matching_webhooks_and_handlers_pass(entries: list[Any]) -> None:
    assert differences(*entries) == []


@pytest.mark.parametrize(
    ("entries", "handlers", "found"),
    [
        pytest.param(
            [],
            HANDLERS,
            f"$.modules.webhooks lacks page_created, which {NAME} handles: write "
            '{"event": "page_created", "url": "/webhooks/page_created"}, '
            "or dynamic=True into the decorator if your code registers it",
            id="not-declared",
        ),
        pytest.param(
            [ENTRY],
            {},
            "$.modules.webhooks[0].event is page_created, which nothing handles: "
            'write @webhook("page_created") above a function that takes the delivery, '
            "or remove the entry",
            id="not-handled",
        ),
        pytest.param(
            [{"event": "app_policy_changed", "url": "/webhooks/page_created"}],
            {},
            "$.modules.webhooks[0].url is not where deliveries are taken in: "
            'write "/webhooks/app_policy_changed"',
            id="a-policy-elsewhere",
        ),
        pytest.param(
            [{"event": "page_created"}],
            {},
            "$.modules.webhooks[0].event is page_created, which nothing handles: "
            'write @webhook("page_created") above a function that takes the delivery, '
            "or remove the entry",
            id="not-handled-without-a-url",
        ),
        pytest.param(
            [ENTRY | {"url": "/webhooks/page_removed"}],
            HANDLERS,
            "$.modules.webhooks[0].url is not where deliveries are taken in: "
            'write "/webhooks/page_created"',
            id="other-url",
        ),
        pytest.param(
            [ENTRY | {"url": 1}],
            HANDLERS,
            "$.modules.webhooks[0].url is not where deliveries are taken in: "
            'write "/webhooks/page_created"',
            id="no-url",
        ),
        pytest.param(
            [ENTRY, {"url": "/webhooks/x"}],
            HANDLERS,
            '$.modules.webhooks[1].event is missing: write e.g. "page_created"',
            id="no-event",
        ),
        pytest.param(
            [ENTRY, {"event": 7, "url": "/webhooks/x"}],
            HANDLERS,
            '$.modules.webhooks[1].event is missing: write e.g. "page_created"',
            id="event-is-a-number",
        ),
        pytest.param(
            [ENTRY],
            {"page_created": [handle, other]},
            f'@webhook("page_created") is above {NAME} and {__name__}.other: '
            "leave it above one of them",
            id="two-handlers",
        ),
    ],
)
def test_each_difference_is_named_with_its_remedy(
    entries: list[Any], handlers: Any, found: str
) -> None:
    assert differences(*entries, handlers=handlers) == [found]


def test_a_dynamic_webhook_needs_no_entry(config: dict[str, Any]) -> None:
    webhook("page_updated", dynamic=True)(handle)
    create_app(config)


def test_a_dynamic_webhook_may_also_be_declared() -> None:
    handlers = {"page_created": [handle]}
    descriptor = {"modules": {"webhooks": [ENTRY]}}
    assert not list(find_webhook_differences(descriptor, handlers, {"page_created"}))


def test_only_the_dynamic_webhook_needs_no_entry(config: dict[str, Any]) -> None:
    webhook("page_updated", dynamic=True)(handle)
    webhook("page_trashed")(handle)
    with pytest.raises(DescriptorError) as caught:
        create_app(config)
    [problem] = caught.value.problems
    assert problem.startswith("$.modules.webhooks lacks page_trashed, which")


def test_a_difference_stops_the_start(config: dict[str, Any], tmp_path: Path) -> None:
    path = HOME / "atlassian-connect.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    descriptor["modules"]["webhooks"].append(
        {"event": "page_trashed", "url": "/webhooks/page_trashed"}
    )
    (tmp_path / "atlassian-connect.json").write_text(json.dumps(descriptor))
    (tmp_path / "static").symlink_to(HOME / "static")
    webhook("page_updated")(handle)
    with pytest.raises(DescriptorError) as caught:
        create_app(config, home=tmp_path)
    one, two = caught.value.problems
    assert one.startswith("$.modules.webhooks[4].event is page_trashed, which nothing")
    assert two.startswith("$.modules.webhooks lacks page_updated, which")


@pytest.mark.parametrize("event", ["", "page created", "../installed", "a" * 101])
def test_a_name_that_can_be_no_event_is_refused(event: str) -> None:
    with pytest.raises(ValueError, match="is not an event"):
        webhook(event)


def test_the_decorated_function_stays_what_it_is() -> None:
    assert webhook("page_trashed")(handle) is handle
    assert registered["page_trashed"] == [handle]
