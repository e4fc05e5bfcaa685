"""Conditions in words."""

from typing import Any

import pytest

from devhost.modules.conditions.describe import in_words, unmet_condition, used_switches
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.site import Site
from devhost.site.app_data import DynamicModules
from tests.bare_site import place
from tests.fake_app import APP_KEY

PAGE = {"condition": "has_page"}
FLAG = {"condition": "feature_flag", "params": {"featureKey": "beta", "x": True}}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (PAGE, "has_page"),
        ({**PAGE, "invert": True}, "not has_page"),
        (FLAG, "feature_flag(featureKey=beta, x=true)"),
        ({"or": [PAGE, {**FLAG, "params": {}}]}, "(has_page or feature_flag)"),
        (
            {"type": "AND", "conditions": [PAGE, {"or": [PAGE]}]},
            "(has_page and (has_page))",
        ),
        ({"or": 1}, "()"),
        ({}, "()"),
        ("x", "?"),
    ],
)
def test_a_condition_is_put_in_words(condition: Any, words: str) -> None:
    assert in_words(condition) == words


def test_the_first_condition_that_does_not_hold_is_named(site: Site) -> None:
    conditions = [{"condition": "user_is_logged_in"}, {"or": [PAGE, FLAG]}]
    nowhere = place(site, conditions=conditions)
    words = "(has_page or feature_flag(featureKey=beta, x=true))"
    assert unmet_condition(site, nowhere.module, nowhere) == words
    on_page = place(site, conditions=conditions, content="98421")
    assert unmet_condition(site, on_page.module, on_page) == ""
    broken = place(site, conditions="x")
    assert unmet_condition(site, broken.module, broken) == "?"


def test_the_switches_that_modules_ask_for_are_found_in_depth(site: Site) -> None:
    assert used_switches(site) == ([], [])
    nested = {"or": [{"and": [FLAG, {"condition": "favourite_page"}]}, PAGE, "x"]}
    modules: dict[str, Any] = {
        "webItems": [{"key": "a", "conditions": [nested]}, {"key": "b"}],
        "webPanels": [{"key": "c", "conditions": [{"condition": "can_signup"}]}],
    }
    site.get(DynamicModules).register(APP_KEY, modules)
    site.get(ConditionSwitches).set_feature_flag("alpha", False)
    assert used_switches(site) == (["can_signup", "favourite_page"], ["alpha", "beta"])
