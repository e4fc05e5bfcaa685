"""A policy or check counts only if nothing above it could answer without it."""

from collections.abc import Callable
from functools import partial, update_wrapper, wraps
from typing import Any

import pytest
from flask.views import MethodView

from app.connect import (
    admin_required,
    cacheable_page,
    context_jwt_required,
    jwt_required,
    license_required,
    public,
    remote_condition,
    session_token_required,
    static_macro,
)
from app.connect.inbound.policies import find_cover, signed_install_required

View = Callable[..., Any]

POLICIES = [
    cacheable_page(),
    context_jwt_required,
    jwt_required,
    public,
    remote_condition,
    session_token_required,
    signed_install_required("installed"),
    static_macro(),
]
CHECKS = [admin_required, license_required]


def new_view() -> View:
    return lambda **_: ""


def memoised(view: View) -> View:
    @wraps(view)
    def answer(**values: Any) -> Any:
        return view(**values)

    return answer


class Proxy:
    """What agents put around a view: it passes on every attribute."""

    def __init__(self, view: View) -> None:
        self.__wrapped__ = view

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)


def copied(view: View) -> View:
    def answer(**values: Any) -> Any:
        return view(**values)

    answer.__dict__.update(view.__dict__)
    return answer


def without_attributes(view: View) -> View:
    def answer(**values: Any) -> Any:
        return view(**values)

    return update_wrapper(answer, view, updated=())


COVERS = [
    memoised,
    copied,
    Proxy,
    without_attributes,
    lambda view: update_wrapper(partial(view), view),
]


@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("policy", POLICIES)
def test_what_stands_above_a_policy_is_found(policy: Any, cover: Any) -> None:
    covered = cover(policy(new_view()))
    assert find_cover(covered) is covered


def test_of_several_covers_the_outermost_is_named() -> None:
    covered = without_attributes(without_attributes(jwt_required(new_view())))
    assert find_cover(covered) is covered


@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("policy", [jwt_required, remote_condition, static_macro()])
def test_what_stands_between_policy_and_check_is_found(
    policy: Any, check: Any, cover: Any
) -> None:
    between = cover(check(new_view()))
    licensed = license_required(between)
    assert [find_cover(policy(below)) for below in (between, licensed)] == [between] * 2


def test_the_outermost_of_several_is_found() -> None:
    outermost = memoised(memoised(jwt_required(new_view())))
    assert find_cover(outermost) is outermost


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("check", [*CHECKS, lambda view: view])
def test_decorators_below_are_the_authors_own(policy: Any, check: Any) -> None:
    assert find_cover(policy(check(memoised(new_view())))) is None


def test_an_async_view_has_nothing_above_it() -> None:
    async def view() -> str:
        return ""

    assert find_cover(jwt_required(admin_required(view))) is None


def test_a_class_can_be_a_view() -> None:
    class Page(MethodView):
        decorators = [jwt_required]

        def get(self) -> str:
            return ""

    class Kept(Page):
        decorators = [jwt_required, memoised]

    assert find_cover(Page.as_view("page")) is None
    covered = Kept.as_view("kept")
    assert find_cover(covered) is covered


def test_a_view_without_a_policy_is_not_covered() -> None:
    assert find_cover(None) is None

    class Pages:
        @jwt_required
        def page(self) -> str:
            return ""

    assert find_cover(Pages().page) is None
    assert find_cover(memoised(new_view())) is None
