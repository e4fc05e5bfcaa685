"""App access rules: which apps are blocked where, and the events that apps get."""

from pathlib import Path
from typing import Any

import pytest

from devhost import access_rules
from devhost.access_rules import (
    AccessRuleError,
    AccessRules,
    allow,
    block,
    is_blocked,
    policy_events,
)
from devhost.access_rules.policy_events import PolicyEvent
from devhost.server import LocalConfluence
from devhost.site import Site
from devhost.site.state import State
from devhost.wiki import Wiki
from devhost.wiki.records import Space
from tests.fake_app import APP_KEY, FakeApp


@pytest.fixture
def site(confluence: LocalConfluence, installed: FakeApp) -> Site:
    return confluence.site


@pytest.fixture
def told(site: Site) -> list[PolicyEvent]:
    seen: list[PolicyEvent] = []

    def listener(rules: AccessRules, event: PolicyEvent) -> None:
        seen.append(event)

    site.get(AccessRules).events.connect(listener, weak=False)
    return seen


def space(site: Site, key: str) -> Space:
    return site.get(Wiki).spaces.get(site.get(Wiki).app_viewer(""), key)


def blocked_keys(site: Site, app_key: str = APP_KEY) -> list[str]:
    every = access_rules.every_space(site)
    return [each.key for each in every if is_blocked(site, app_key, each)]


def test_apps_are_not_blocked_by_default(site: Site) -> None:
    assert blocked_keys(site) == []
    assert access_rules.blocked_space_ids(site, APP_KEY) == frozenset()


def test_an_app_is_blocked_in_one_space_and_allowed_again(site: Site) -> None:
    block(site, APP_KEY, "DS")
    block(site, APP_KEY, "hb")
    assert blocked_keys(site) == ["DS", "HB"]
    assert access_rules.blocked_space_ids(site, APP_KEY) == {
        space(site, "DS").id,
        space(site, "HB").id,
    }
    allow(site, APP_KEY, "DS")
    assert blocked_keys(site) == ["HB"]


def test_a_rule_affects_one_app_only(site: Site) -> None:
    block(site, APP_KEY)
    assert blocked_keys(site, "com.example.other") == []


def test_everywhere_includes_spaces_created_later(site: Site) -> None:
    block(site, APP_KEY)
    viewer = site.get(Wiki).app_viewer("somebody")
    new = site.get(Wiki).spaces.create(viewer, key="NEW", name="New")
    assert is_blocked(site, APP_KEY, new)
    assert new.id in access_rules.blocked_space_ids(site, APP_KEY)


def test_a_place_outside_of_every_space_is_not_blocked(site: Site) -> None:
    block(site, APP_KEY)
    assert not is_blocked(site, APP_KEY, None)


def test_an_app_blocked_everywhere_cannot_be_allowed_in_one_space(site: Site) -> None:
    block(site, APP_KEY)
    block(site, APP_KEY, "DS")
    with pytest.raises(AccessRuleError, match="everywhere first"):
        allow(site, APP_KEY, "DS")
    allow(site, APP_KEY)
    assert blocked_keys(site) == []


@pytest.mark.parametrize(
    ("app_key", "space_key", "message"),
    [
        ("com.example.nobody", "DS", "never installed"),
        ("com.example.nobody", None, "never installed"),
        (APP_KEY, "NOPE", "no space NOPE"),
    ],
)
def test_a_rule_for_an_unknown_app_or_space_is_refused(
    site: Site, app_key: str, space_key: str | None, message: str
) -> None:
    for change in (block, allow):
        with pytest.raises(AccessRuleError, match=message):
            change(site, app_key, space_key)
    assert blocked_keys(site) == []


def test_a_rule_is_replaced_as_a_whole(site: Site) -> None:
    block(site, APP_KEY, "DS")
    access_rules.replace_rule(
        site, APP_KEY, everywhere=False, space_keys=["HB", "LEAD"]
    )
    assert blocked_keys(site) == ["HB", "LEAD"]
    access_rules.replace_rule(site, APP_KEY, everywhere=True)
    assert site.get(AccessRules).of(APP_KEY).everywhere
    with pytest.raises(AccessRuleError):
        access_rules.replace_rule(site, APP_KEY, everywhere=False, space_keys=["NO"])
    assert site.get(AccessRules).of(APP_KEY).everywhere


def test_rules_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    first = State(path)
    rules = AccessRules(first)
    rules.save(access_rules.AccessRule("a", space_ids=frozenset({"7"})))
    rules.save(access_rules.AccessRule("b", everywhere=True))
    rules.set_status(403)
    first.close()
    second = State(path)
    rules = AccessRules(second)
    assert rules.of("a").space_ids == {"7"}
    assert not rules.of("a").everywhere
    assert rules.of("b").everywhere
    assert rules.status == 403
    rules.clear()
    assert not rules.of("b").blocks_anything
    assert rules.status == 404
    second.close()


def test_the_status_of_a_blocked_call_is_404_or_403(site: Site) -> None:
    assert site.get(AccessRules).status == 404
    with pytest.raises(AccessRuleError, match="404 or 403"):
        site.get(AccessRules).set_status(200)


# The events that the app gets.


def test_a_block_sends_the_documented_events(
    site: Site, told: list[PolicyEvent]
) -> None:
    block(site, APP_KEY, "DS")
    assert {event.app_key for event in told} == {APP_KEY}
    by_name: dict[str, list[dict[str, Any]]] = {}
    for event in told:
        by_name.setdefault(event.name, []).append(event.body)
    assert set(by_name) == {
        "app_policy_changed",
        "app_access_to_objects_blocked",
        "app_access_to_objects_in_container_blocked",
    }
    (container,) = by_name["app_access_to_objects_in_container_blocked"]
    workspace = {"cloudId": site.cloud_id}
    assert container["data"] == {
        "workspace": workspace,
        "container": {"product": "confluence", "id": space(site, "DS").id},
    }
    assert container["specversion"] == "1.0"
    assert container["source"] == "atlassian.com/ecosystem"
    assert container["type"] == (
        "avi:ecosystem.app_policy:blocked:app_access_to_objects_in_container.v2"
    )
    objects = by_name["app_access_to_objects_blocked"]
    types = [each["type"] for body in objects for each in body["data"]["objects"]]
    assert types == ["page", "blogpost"]
    assert "98421" in objects[0]["data"]["objects"][0]["ids"]
    assert len({event.body["id"] for event in told}) == len(told)


def test_only_lost_objects_are_in_the_events(
    site: Site, told: list[PolicyEvent]
) -> None:
    block(site, APP_KEY, "DS")
    told.clear()
    block(site, APP_KEY, "DS")
    assert told == []
    block(site, APP_KEY)
    lost = [
        event.body["data"]["container"]["id"]
        for event in told
        if event.name == policy_events.CONTAINER_BLOCKED
    ]
    assert lost == [space(site, key).id for key in ("HB", "ORC", "LEAD")]


def test_no_event_is_sent_when_access_comes_back(
    site: Site, told: list[PolicyEvent]
) -> None:
    block(site, APP_KEY, "DS")
    told.clear()
    allow(site, APP_KEY, "DS")
    assert told == []


def test_many_objects_are_split_into_several_events(
    site: Site, told: list[PolicyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_events, "OBJECTS_PER_EVENT", 2)
    block(site, APP_KEY, "DS")
    parts = [
        each["ids"]
        for event in told
        if event.name == policy_events.OBJECTS_BLOCKED
        for each in event.body["data"]["objects"]
        if each["type"] == "page"
    ]
    assert len(parts) > 1
    assert all(len(part) <= 2 for part in parts)
    assert "98421" in sum(parts, [])


def test_a_failing_listener_does_not_stop_the_others(
    site: Site, told: list[PolicyEvent], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(rules: AccessRules, event: PolicyEvent) -> None:
        raise ValueError("broken listener")

    site.get(AccessRules).events.connect(fail, weak=False)
    block(site, APP_KEY, "HB")
    assert blocked_keys(site) == ["HB"]
    assert policy_events.CHANGED in [event.name for event in told]
    assert "a listener of app_policy_changed failed" in caplog.text
