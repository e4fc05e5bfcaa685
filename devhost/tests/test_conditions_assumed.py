"""Feature flags, the conditions that cannot be evaluated here, and unknown names."""

import logging

import pytest

from devhost.descriptor.condition_names import ASSUMED, RULES
from devhost.modules.conditions.evaluate import single_holds
from devhost.modules.conditions.situation import Situation
from devhost.modules.conditions.switches import ConditionSwitchError, ConditionSwitches
from devhost.site import Site
from devhost.site.products import JIRA
from tests.bare_site import holds, open_site, place


def test_a_feature_flag_begins_off_and_can_be_switched(site: Site) -> None:
    beta = {"condition": "feature_flag", "params": {"featureKey": "beta"}}
    assert not holds(site, beta)
    site.get(ConditionSwitches).set_feature_flag("beta", True)
    assert holds(site, beta)
    assert not holds(site, {**beta, "params": {"featureKey": "other"}})
    site.get(ConditionSwitches).set_feature_flag("beta", False)
    assert not holds(site, beta)


@pytest.mark.parametrize(("name", "expected"), ASSUMED.items())
def test_an_assumption_is_logged_once_and_can_be_switched(
    site: Site, caplog: pytest.LogCaptureFixture, name: str, expected: bool
) -> None:
    caplog.set_level(logging.WARNING, "devhost")
    condition = {"condition": name}
    assert holds(site, condition, content="98421") is expected
    assert f"cannot evaluate the condition {name}" in caplog.text
    assert len(caplog.records) == 1
    site.get(ConditionSwitches).switch(name, not expected)
    assert holds(site, condition, content="98421") is not expected
    assert holds(site, {**condition, "invert": True}, content="98421") is expected
    assert len(caplog.records) == 1
    assert site.get(ConditionSwitches).assumptions() == {**ASSUMED, name: not expected}


def test_only_an_assumption_can_be_switched(site: Site) -> None:
    with pytest.raises(ConditionSwitchError, match="write one of active_theme, "):
        site.get(ConditionSwitches).switch("user_is_admin", True)


def test_every_known_condition_has_a_result(site: Site) -> None:
    situation = Situation(site, place(site, content="98421"))
    for name in RULES:
        assert single_holds(situation, name, {}) in {True, False}


@pytest.mark.parametrize("invert", [True, False])
def test_an_unknown_condition_hides_the_module_and_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture, invert: bool
) -> None:
    assert not holds(site, {"condition": "xy\nzzy", "invert": invert})
    assert "it of com.example.fake has the unknown condition xy\\nzzy" in caplog.text


def test_conditions_that_only_jira_has_hold_in_jira() -> None:
    own = {"condition": "has_issue_permission", "params": {"permission": "edit"}}
    with open_site(JIRA) as jira:
        assert holds(jira, own)
        assert holds(jira, {**own, "invert": True})
        assert not holds(jira, own, {"condition": "user_is_admin"}, user="user")


@pytest.mark.parametrize("conditions", ["x", 1, {}, {"or": 1}, {"type": "and"}])
def test_an_invalid_condition_does_not_hold(site: Site, conditions: object) -> None:
    assert not holds(site, conditions)
