"""Conditions as variables of a URL."""

import logging

import pytest

from devhost.modules.conditions.inline import fill_conditions
from devhost.modules.iframes import iframe_url
from devhost.modules.macros.static_call import static_call
from devhost.site import Site
from devhost.site.app_data import AppProperties
from devhost.site.users import USERS
from tests.bare_site import BASE_URL, place
from tests.fake_app import APP_KEY


def fill(site: Site, url: str) -> str:
    return fill_conditions(site, place(site, content="98421"), url)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("condition.user_is_logged_in", "true"),
        ("condition.has_blog_post", "false"),
        ("condition.has_page()", "true"),
        (" condition.has_page ( ) ", "true"),
        ("condition.favourite_page", "false"),
        ("condition.threaded_comments", "true"),
        ("condition.space_function_permission(permission=VIEWSPACE)", "true"),
        (
            "condition.space_function_permission  (  permission  =   EDITSPACE ) ",
            "true",
        ),
        ("condition.feature_flag(featureKey=beta)", "false"),
        ("condition.addon_property_exists(propertyKey=settings)", "true"),
        (
            "condition.addon_property_equal_to("
            "propertyKey=settings, objectName=deep.on, value=true,)",
            "true",
        ),
        (
            "condition.entity_property_equal_to(entity=addon,propertyKey=x,value=y)",
            "false",
        ),
        # Something malformed has no value, as with any variable.
        ("condition.", ""),
        ("condition. has_page", ""),
        ("condition.$%^*.,;", ""),
        ("condition.has_page(", ""),
        ("condition.has_page)x", ""),
        ("condition.feature_flag(featureKey)", ""),
        ("condition.feature_flag(featureKey=a=b)", ""),
        ("condition.feature_flag(featureKey=a,featureKey=b)", ""),
        ('condition.feature_flag(featureKey="a, b")', ""),
        # Not a variable of this kind.
        ("Condition.has_page", "{Condition.has_page}"),
        ("conditionhas_page", "{conditionhas_page}"),
        ("content.id", "{content.id}"),
        ("", "{}"),
    ],
)
def test_a_condition_in_a_url_is_true_or_false(
    site: Site, variable: str, value: str
) -> None:
    site.get(AppProperties).set(APP_KEY, "settings", '{"deep": {"on": true}}', limit=9)
    assert fill(site, f"/a?b={{{variable}}}&c=d") == f"/a?b={value}&c=d"


def test_an_unknown_condition_is_empty_and_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    assert fill(site, "/{condition.nobody_knows}") == "/"
    assert "has the unknown condition nobody_knows" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


def test_a_condition_in_a_url_follows_the_user_and_the_place(site: Site) -> None:
    site.switch_user(USERS["anonymous"])
    url = "/{condition.user_is_logged_in}/{condition.has_page}/{condition.has_space}"
    assert fill(site, url) == "/false/true/true"
    anywhere = place(site)
    assert fill_conditions(site, anywhere, url) == "/false/false/false"


def test_a_condition_in_a_url_can_be_about_another_person(site: Site) -> None:
    where = place(site, content="98421")
    url = "/{condition.user_is_admin}/{condition.can_edit_space_styles}"
    assert fill_conditions(site, where, url) == "/true/true"
    assert fill_conditions(site, where, url, USERS["user"]) == "/false/false"


def test_the_call_of_a_static_macro_carries_its_conditions(site: Site) -> None:
    url = "/x?admin={condition.user_is_admin}&page={content.id}"
    where = place(site, content="98421", type="staticContentMacros", url=url)
    called = static_call(site, where, USERS["user"]).url
    assert called.startswith(f"{BASE_URL}/x?admin=false&page=98421&xdm_e=")


def test_the_url_of_an_iframe_carries_its_conditions(site: Site) -> None:
    url = "/x?in={condition.user_is_logged_in}&page={content.id}&no={condition.no}"
    where = place(site, content="98421", type="webPanels", url=url)
    expected = f"{BASE_URL}/x?in=true&page=98421&no=&xdm_e="
    assert iframe_url(site, where).startswith(expected)
