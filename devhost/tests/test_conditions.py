"""Conditions of modules: who they hold for, and where."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from devhost.install.license import Licenses
from devhost.site import Site
from devhost.site.users import USERS
from devhost.wiki import Wiki, reading
from devhost.wiki.access import Role
from tests import bare_site
from tests.fake_app import APP_KEY

LOGGED_IN = {"condition": "user_is_logged_in"}
ADMIN = {"condition": "user_is_admin"}


@pytest.fixture
def holds(site: Site) -> Callable[..., bool]:
    return partial(bare_site.holds, site)


Holds = Callable[..., bool]


def test_a_module_without_conditions_is_shown(holds: Holds) -> None:
    assert holds(user="anonymous")


def test_every_condition_of_the_array_must_hold(holds: Holds) -> None:
    assert holds(LOGGED_IN, ADMIN, user="admin")
    assert not holds(LOGGED_IN, ADMIN, user="user")
    assert holds(LOGGED_IN, user="user")
    assert not holds(LOGGED_IN, user="anonymous")


def test_a_condition_can_be_inverted(holds: Holds) -> None:
    anonymous = {**LOGGED_IN, "invert": True}
    assert holds(anonymous, user="anonymous")
    assert not holds(anonymous, user="user")
    assert holds({**LOGGED_IN, "invert": False}, user="user")


@pytest.mark.parametrize(
    ("composite", "user", "expected"),
    [
        ({"or": [ADMIN, {**LOGGED_IN, "invert": True}]}, "admin", True),
        ({"or": [ADMIN, {**LOGGED_IN, "invert": True}]}, "anonymous", True),
        ({"or": [ADMIN, {**LOGGED_IN, "invert": True}]}, "user", False),
        ({"type": "OR", "conditions": [ADMIN, LOGGED_IN]}, "user", True),
        ({"type": "or", "conditions": [ADMIN, LOGGED_IN]}, "anonymous", False),
        ({"and": [ADMIN, LOGGED_IN]}, "user", False),
        ({"type": "AND", "conditions": [ADMIN, LOGGED_IN]}, "user", False),
        ({"type": "and", "conditions": [ADMIN, LOGGED_IN]}, "admin", True),
        ({"and": [LOGGED_IN, {"or": [ADMIN, {"and": [LOGGED_IN]}]}]}, "user", True),
        ({"or": []}, "admin", False),
        ({"and": []}, "anonymous", True),
    ],
)
def test_composites_nest(
    holds: Holds, composite: dict[str, Any], user: str, expected: bool
) -> None:
    assert holds(composite, user=user) is expected


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("user_is_logged_in", "admin space-admin user"),
        ("user_is_admin", "admin"),
        ("user_is_confluence_administrator", "admin"),
        ("user_is_sysadmin", "admin"),
        ("user_can_use_confluence", "admin space-admin user"),
        ("user_logged_in_editable", "admin space-admin user"),
    ],
)
def test_conditions_about_the_user(holds: Holds, name: str, users: str) -> None:
    assert {user for user in USERS if holds({"condition": name}, user=user)} == set(
        users.split()
    )


@pytest.mark.parametrize(
    ("name", "on_page", "on_post", "in_space", "anywhere"),
    [
        ("viewing_content", True, True, False, False),
        ("latest_version", True, True, False, False),
        ("has_page", True, False, False, False),
        ("has_blog_post", False, True, False, False),
        ("has_space", True, True, True, False),
        ("space_sidebar", True, True, True, False),
        ("not_personal_space", True, True, True, False),
        ("printable_version", False, False, False, False),
    ],
)
def test_conditions_about_the_place(
    holds: Holds,
    site: Site,
    name: str,
    on_page: bool,
    on_post: bool,
    in_space: bool,
    anywhere: bool,
) -> None:
    post = next(each for each in reading.recent(site) if each.type == "blogpost")
    condition = {"condition": name}
    assert holds(condition, content="98421") is on_page
    assert holds(condition, content=post.id) is on_post
    assert holds(condition, space="DS") is in_space
    assert holds(condition) is anywhere
    assert holds({**condition, "invert": True}) is not anywhere


def test_has_attachment_is_about_the_files_of_the_page(
    holds: Holds, site: Site
) -> None:
    wiki, viewer = site.get(Wiki), reading.viewer_of(site)
    pages = wiki.contents.fetch(viewer, wiki.contents.all(("page",)), limit=100)
    attached = wiki.contents.all(("attachment",))
    with_files = {
        each.container_id for each in wiki.contents.fetch(viewer, attached, limit=100)
    }
    assert with_files
    for page in pages:
        held = holds({"condition": "has_attachment"}, content=page.id)
        assert held is (page.id in with_files)
    assert not holds({"condition": "has_attachment"}, space="DS")


def test_a_personal_space_is_recognized(holds: Holds, site: Site) -> None:
    with site.state.transaction() as sql:
        sql.execute("UPDATE space SET type = 'personal' WHERE key = 'DS'")
    assert not holds({"condition": "not_personal_space"}, space="DS")


def permission(name: str, value: str) -> dict[str, Any]:
    return {"condition": name, "params": {"permission": value}}


@pytest.mark.parametrize(
    ("condition", "least"),
    [
        (permission("space_function_permission", "VIEWSPACE"), Role.READ),
        (permission("space_function_permission", "EDITSPACE"), Role.WRITE),
        (permission("space_function_permission", "COMMENT"), Role.WRITE),
        (
            permission("space_function_permission", "SETSPACEPERMISSIONS"),
            Role.ADMINISTER,
        ),
        (permission("has_page_permission", "VIEW"), Role.READ),
        (permission("has_page_permission", "EDIT"), Role.WRITE),
        (permission("has_page_permission", "edit"), Role.WRITE),
        (permission("has_attachment_permission", "REMOVE"), Role.WRITE),
        (permission("has_page_permission", "SET_PERMISSIONS"), Role.ADMINISTER),
        (permission("has_space_permission", "ADMINISTER"), Role.ADMINISTER),
        ({"condition": "can_edit_space_styles"}, Role.ADMINISTER),
        ({"condition": "create_content", "params": {"content": "page"}}, Role.WRITE),
    ],
)
def test_permissions_follow_the_role_in_the_space(
    holds: Holds, site: Site, condition: dict[str, Any], least: Role
) -> None:
    wiki = site.get(Wiki)
    user = USERS["user"]
    for role in Role:
        with site.state.transaction() as sql:
            sql.execute("DELETE FROM space_permission WHERE space_id = 65538")
        wiki.spaces.permit("65538", "user", str(user.account_id), role)
        assert holds(condition, content="98421", user="user") is (role >= least)


def test_permissions_on_content_need_content(holds: Holds) -> None:
    assert not holds(permission("has_page_permission", "VIEW"), space="DS")
    assert holds(permission("has_space_permission", "VIEW"), space="DS")
    assert not holds(permission("has_space_permission", "VIEW"))
    assert not holds(permission("space_function_permission", "VIEWSPACE"))


def test_a_reader_cannot_create_content(holds: Holds) -> None:
    assert holds({"condition": "create_content"}, user="user")
    assert not holds({"condition": "create_content"}, user="anonymous")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [("free", False), ("active", True), ("evaluation", True), ("expired", False)],
)
def test_addon_is_licensed_follows_the_switch(
    holds: Holds, site: Site, licence: str, expected: bool
) -> None:
    site.get(Licenses).switch(APP_KEY, licence)
    assert holds({"condition": "addon_is_licensed"}) is expected
