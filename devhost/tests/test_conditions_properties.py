"""Conditions about the properties of the app, the content and the space."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from devhost.site import Site
from devhost.site.app_data import AppProperties
from devhost.wiki import Wiki
from devhost.wiki.groups import WRITERS
from tests.bare_site import holds, open_site
from tests.fake_app import APP_KEY

SETTINGS = {"on": True, "deep": {"level": 5, "none": None}, "names": ["a", "b", 3]}


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as opened:
        store(opened, "settings", SETTINGS)
        yield opened


def store(site: Site, key: str, value: Any, owner: str = "addon") -> None:
    """Store a value on the app, on page 98421 or on the space DS."""
    if owner == "addon":
        site.get(AppProperties).set(APP_KEY, key, json.dumps(value), limit=100)
        return
    wiki = site.get(Wiki)
    viewer = wiki.app_viewer("557058:writer")
    page = wiki.contents.get(viewer, "98421")
    thing = page if owner == "content" else page.space
    wiki.properties.create(viewer, thing, key, value)


def condition(name: str, **params: Any) -> dict[str, Any]:
    return {"condition": name, "params": {"propertyKey": "settings", **params}}


@pytest.mark.parametrize("owner", ["addon", "content", "space"])
def test_a_property_is_looked_for_on_its_owner(site: Site, owner: str) -> None:
    store(site, "mine", 1, owner)
    for asked in ("addon", "content", "space"):
        exists = condition(f"{asked}_property_exists", propertyKey="mine")
        assert holds(site, exists, content="98421") is (asked == owner)
        entity = condition("entity_property_exists", propertyKey="mine", entity=asked)
        assert holds(site, entity, content="98421") is (asked == owner)


def test_a_property_of_a_missing_owner_does_not_exist(site: Site) -> None:
    store(site, "mine", 1, "content")
    store(site, "mine", 1, "space")
    on_content = condition("content_property_exists", propertyKey="mine")
    on_space = condition("space_property_exists", propertyKey="mine")
    assert holds(site, on_space, space="DS")
    assert not holds(site, on_content, space="DS")
    assert holds(site, {**on_content, "invert": True}, space="DS")
    assert not holds(site, on_space)
    odd = condition("entity_property_exists", propertyKey="mine", entity="user")
    assert not holds(site, odd, content="98421")


def test_the_properties_of_another_app_do_not_count(site: Site) -> None:
    site.get(AppProperties).set("another.app", "theirs", "true", limit=100)
    exists = condition("addon_property_exists", propertyKey="theirs")
    assert not holds(site, exists)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("on", "true", True),
        ("on", "false", False),
        ("on", True, True),
        # Not the number that Python treats as true.
        ("on", "1", False),
        ("deep.level", "5", True),
        ("deep.level", 5, True),
        ("deep.level", '"5"', False),
        ("deep.none", "null", True),
        ("deep", '{"none": null, "level": 5}', True),
        ("names", '["a", "b", 3]', True),
        ("names", '["b", "a", 3]', False),
        ("missing", "null", False),
        ("on.deeper", "true", False),
        ("deep..level", "5", False),
    ],
)
def test_equal_to_compares_json_at_a_path(
    site: Site, path: str, value: Any, expected: bool
) -> None:
    equal = condition("addon_property_equal_to", objectName=path, value=value)
    assert holds(site, equal) is expected


@pytest.mark.parametrize(
    ("stored", "value", "expected"),
    [
        ("blue", "blue", True),
        ("blue", '"blue"', True),
        ("blue", "red", False),
        # Connect once compared text, and still treats these as equal.
        ("true", "true", True),
        ("5", "5", True),
        (5, '"5"', False),
        ("[1]", "[1]", False),
        ("NaN", "NaN", True),
        (SETTINGS, json.dumps(SETTINGS), True),
        ("\udc80", "\udc80", True),
    ],
)
def test_equal_to_compares_a_whole_value(
    site: Site, stored: Any, value: str, expected: bool
) -> None:
    store(site, "whole", stored)
    equal = condition("addon_property_equal_to", propertyKey="whole", value=value)
    assert holds(site, equal) is expected


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("contains_any", '["b", "z"]', True),
        ("contains_any", '["z"]', False),
        ("contains_any", ["b"], True),
        ("contains_any", "b", True),
        ("contains_any", "3", True),
        ("contains_any", "[]", False),
        ("contains_all", '["b", "a"]', True),
        ("contains_all", '["b", "z"]', False),
        ("contains_all", '["a", 3]', True),
        ("contains_all", '["a", "3"]', False),
        ("contains_all", "[]", False),
    ],
)
def test_contains_looks_into_an_array(
    site: Site, question: str, value: Any, expected: bool
) -> None:
    name = f"addon_property_{question}"
    asked = condition(name, objectName="names", value=value)
    assert holds(site, asked) is expected


def test_contains_takes_a_single_value_for_an_array_of_it(site: Site) -> None:
    asked = condition("addon_property_contains_any", objectName="on", value="[true]")
    assert holds(site, asked)


def test_a_property_can_equal_a_context_variable(site: Site) -> None:
    store(site, "page", 98421)
    store(site, "space", "DS")
    by_number = condition(
        "addon_property_equal_to_context",
        propertyKey="page",
        contextParameter="content.id",
    )
    by_text = condition(
        "addon_property_equal_to_context",
        propertyKey="space",
        contextParameter="space.key",
    )
    assert holds(site, by_number, by_text, content="98421")
    assert not holds(site, by_number)
    unknown = condition("addon_property_equal_to_context", contextParameter="nothing")
    assert not holds(site, unknown, content="98421")


def test_a_property_can_contain_a_context_variable(site: Site) -> None:
    store(site, "spaces", ["DS", "XX"])
    params = {"propertyKey": "spaces", "contextParameter": "space.key"}
    contains = condition("addon_property_contains_context", **params)
    assert holds(site, contains, content="98421")
    store(site, "spaces", ["XX"])
    assert not holds(site, contains, content="98421")


@pytest.mark.parametrize("group", ["technical-writers", WRITERS])
def test_a_property_can_name_groups_of_the_user(site: Site, group: str) -> None:
    store(site, "groups", ["nobody", group])
    name = "addon_property_contains_any_user_group"
    member = condition(name, propertyKey="groups")
    assert holds(site, member, user="user")
    assert not holds(site, member, user="admin")
    assert not holds(site, member, user="anonymous")
