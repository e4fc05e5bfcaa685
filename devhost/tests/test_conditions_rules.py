"""Validation of a module's conditions."""

from typing import Any

import pytest

from devhost.descriptor.condition_names import RULES
from devhost.descriptor.condition_rules import conditions_problems
from devhost.descriptor.module_rules import array_problems
from devhost.site.products import JIRA

REFUSED = [
    pytest.param(
        [{"condition": "user_is_loged_in"}],
        "[0].condition: an unsupported condition (user_is_loged_in); "
        "write user_is_logged_in, if that is what is meant",
        id="misspelt",
    ),
    pytest.param(
        [{"condition": "xyzzy"}],
        "[0].condition: an unsupported condition (xyzzy); "
        "write one of docs/modules-and-conditions.md",
        id="unknown",
    ),
    pytest.param({}, ': must be an array such as [{"condition": "', id="object"),
    pytest.param(["x"], '[0]: must be an object such as {"condition": "', id="string"),
    pytest.param([{}], '[0]: write "condition" with a name, or "and" or', id="empty"),
    pytest.param([{"type": "xor"}], '[0]: write "condition" with', id="xor"),
    pytest.param([{"and": [], "or": []}], '[0]: write either "and" or "or"', id="both"),
    pytest.param([{"or": {}}], "[0].or: must be an array", id="or-object"),
    pytest.param(
        [{"type": "and"}], "[0].conditions: must be an array", id="no-conditions"
    ),
    pytest.param(
        [{"or": [{"and": [{"condition": "x"}]}]}],
        "[0].or[0].and[0].condition: an unsupported condition (x)",
        id="nested",
    ),
    pytest.param(
        [{"condition": "has_page", "invert": "true"}],
        "[0].invert: must be true or false",
        id="invert",
    ),
    pytest.param(
        [{"condition": "https://example.com/condition"}],
        "[0].condition: write the path of the app only",
        id="absolute",
    ),
    pytest.param(
        [{"condition": "//example.com/condition"}],
        "[0].condition: write the path of the app only",
        id="no-scheme",
    ),
    pytest.param([{"condition": 1}], "[0].condition: must be a string", id="number"),
    pytest.param([{"condition": ""}], "[0].condition: must be a string", id="no-name"),
    pytest.param(
        [{"condition": "x" * 101}], "[0].condition: must be a string of", id="long"
    ),
    pytest.param(
        [{"condition": "has_page", "params": []}], "[0].params: must be", id="params"
    ),
    pytest.param(
        [{"condition": "feature_flag"}],
        "[0].params.featureKey: is required by feature_flag",
        id="flag",
    ),
    pytest.param(
        [{"condition": "addon_property_equal_to", "params": {"propertyKey": "a"}}],
        "[0].params.value: is required by addon_property_equal_to",
        id="value",
    ),
    pytest.param(
        [
            {
                "condition": "entity_property_exists",
                "params": {"entity": "issue", "propertyKey": "a"},
            }
        ],
        "[0].params.entity: write one of addon, content, space",
        id="entity",
    ),
    pytest.param(
        [{"condition": "addon_property_exists", "params": {"propertyKey": ["a"]}}],
        "[0].params.propertyKey: must be a string",
        id="parameter",
    ),
    pytest.param(
        [{"condition": "has_page_permission", "params": {"permission": "FLY"}}],
        "[0].params.permission: write one of VIEW, EDIT",
        id="permission",
    ),
]


@pytest.mark.parametrize(("conditions", "problem"), REFUSED)
def test_a_wrong_condition_is_refused_with_its_place_and_what_to_write(
    conditions: Any, problem: str
) -> None:
    (found,) = conditions_problems(conditions, "conditions")
    assert found.startswith(f"conditions{problem}")


def test_the_conditions_of_a_module_are_checked() -> None:
    module = {"key": "it", "name": {"value": "It"}, "location": "x"}
    item = {**module, "conditions": [{"condition": "xyzzy"}]}
    (found,) = array_problems({"webItems": [item]}, where="modules.")
    assert found.startswith("modules.webItems[0].conditions[0].condition: ")


def test_conditions_nested_beyond_reason_are_refused() -> None:
    condition: dict[str, Any] = {"condition": "has_page"}
    for _ in range(5000):
        condition = {"or": [condition]}
    (found,) = conditions_problems([condition], "conditions")
    assert found.endswith("nested more than 20 levels deep")


PARAMS = {
    "featureKey": "beta",
    "permission": "VIEW",
    "entity": "addon",
    "propertyKey": "a",
    "value": "true",
    "contextParameter": "space.key",
}


@pytest.mark.parametrize("name", RULES)
def test_every_known_condition_is_accepted(name: str) -> None:
    params = {each: PARAMS[each] for each in RULES[name].required}
    condition = {"condition": name, "params": params, "invert": True}
    conditions = [condition, {"or": [condition]}, {"type": "AND", "conditions": []}]
    assert list(conditions_problems(conditions, "conditions")) == []


def test_a_remote_condition_is_accepted() -> None:
    assert list(conditions_problems([{"condition": "/condition"}], "conditions")) == []


def test_only_the_form_is_checked_of_another_product() -> None:
    own = [{"condition": "has_issue_permission"}, {"condition": ""}]
    (found,) = conditions_problems(own, "conditions", JIRA)
    assert found.startswith("conditions[1].condition: must be a string")
