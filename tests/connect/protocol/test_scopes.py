"""Scopes: what a descriptor's scopes grant."""

import pytest

from app.connect.protocol.scopes import KNOWN_SCOPES, effective_scopes, smallest_scopes


@pytest.mark.parametrize(
    ("declared", "granted"),
    [
        pytest.param([], {"NONE"}, id="nothing"),
        pytest.param(["NONE"], {"NONE"}, id="none"),
        pytest.param(["READ"], {"NONE", "READ"}, id="read"),
        pytest.param(["WRITE"], {"NONE", "READ", "WRITE"}, id="write"),
        pytest.param(["DELETE"], {"NONE", "READ", "WRITE", "DELETE"}, id="delete"),
        pytest.param(
            ["SPACE_ADMIN"],
            {"NONE", "READ", "WRITE", "DELETE", "SPACE_ADMIN"},
            id="space-admin",
        ),
        pytest.param(
            ["ADMIN"],
            {"NONE", "READ", "WRITE", "DELETE", "SPACE_ADMIN", "ADMIN"},
            id="admin",
        ),
        pytest.param(["ACT_AS_USER"], {"NONE", "ACT_AS_USER"}, id="act-as-user-alone"),
        pytest.param(
            ["ACCESS_EMAIL_ADDRESSES"],
            {"NONE", "ACCESS_EMAIL_ADDRESSES"},
            id="email-addresses-alone",
        ),
        pytest.param(
            ["PROJECT_ADMIN"], {"NONE", "PROJECT_ADMIN"}, id="project-admin-alone"
        ),
        pytest.param(
            ["ACT_AS_USER", "READ"], {"NONE", "READ", "ACT_AS_USER"}, id="two"
        ),
        pytest.param(["write"], {"NONE", "READ", "WRITE"}, id="lower-case"),
    ],
)
def test_a_scope_implies_those_below_it(declared: list[str], granted: set[str]) -> None:
    assert effective_scopes(declared) == granted


def test_every_scope_that_a_descriptor_may_declare_is_known() -> None:
    assert KNOWN_SCOPES == {
        "NONE",
        "READ",
        "WRITE",
        "DELETE",
        "PROJECT_ADMIN",
        "SPACE_ADMIN",
        "ADMIN",
        "ACT_AS_USER",
        "ACCESS_EMAIL_ADDRESSES",
    }


@pytest.mark.parametrize(
    ("needed", "smallest"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param(["NONE"], (), id="none"),
        pytest.param(["READ", "WRITE"], ("WRITE",), id="implied"),
        pytest.param(["act_as_user", "READ"], ("READ", "ACT_AS_USER"), id="standalone"),
        pytest.param(["ADMIN", "READ", "DELETE"], ("ADMIN",), id="admin"),
    ],
)
def test_the_smallest_scopes_grant_all_that_is_needed(
    needed: list[str], smallest: tuple[str, ...]
) -> None:
    assert smallest_scopes(needed) == smallest
