"""Every route has a policy, and every module is served under the right one."""

from collections.abc import Callable
from functools import partial, update_wrapper, wraps
from typing import Any

import pytest
from flask import Blueprint, Flask

from app.connect import (
    cacheable_page,
    check,
    context_jwt_required,
    jwt_required,
    public,
    session_token_required,
)
from app.connect.descriptor.check_routes import (
    find_undeclared_routes,
    find_unserved_modules,
)
from app.connect.errors import ConfigurationError, DescriptorError
from app.connect.inbound.policies import (
    Policy,
    lifecycle_jwt_required,
    policy_of,
    signed_install_required,
)
from app.connect.inbound.verify import INSTALLED
from app.connect.webhooks.handlers import registered
from tests.example import create_app

DECORATORS: dict[Policy, Callable[..., Any]] = {
    Policy.PUBLIC: public,
    Policy.CACHEABLE: cacheable_page(),
    Policy.URL_BOUND: jwt_required,
    Policy.CONTEXT: context_jwt_required,
    Policy.SESSION: session_token_required,
    Policy.SIGNED_INSTALL: signed_install_required("x"),
}


def new_view() -> Any:
    def view(**_: str) -> str:
        return ""

    return view


def unserved(app: Flask, kind: str, **module: Any) -> list[str]:
    descriptor = {"modules": {kind: [{"key": "k", **module}]}}
    return list(find_unserved_modules(app, descriptor))


@pytest.fixture
def app(config: dict[str, Any]) -> Flask:
    """The app with an extra route for each policy."""
    app = create_app(config)
    for policy, decorate in DECORATORS.items():
        path = f"/{policy.name.lower()}"
        app.add_url_rule(path, policy.name, decorate(new_view()))
    app.add_url_rule("/n/<int:page>", "numbers", jwt_required(new_view()))
    app.add_url_rule("/t/<space>/p/<page>", "texts", jwt_required(new_view()))
    app.add_url_rule("/posted", "posted", jwt_required(new_view()), methods=["POST"])
    app.add_url_rule("/branch/", "branch", jwt_required(new_view()))
    return app


def test_the_example_is_served_as_it_must(app: Flask) -> None:
    check(app)
    assert list(find_undeclared_routes(app)) == []
    descriptor = app.extensions["connect.descriptor"]
    assert list(find_unserved_modules(app, descriptor)) == []


def test_a_page_under_its_policy_is_served(app: Flask) -> None:
    assert unserved(app, "generalPages", url="/url_bound") == []


@pytest.mark.parametrize(
    "policy", [policy for policy in DECORATORS if policy is not Policy.URL_BOUND]
)
def test_a_page_under_another_policy_is_named(app: Flask, policy: Policy) -> None:
    url = f"/{policy.name.lower()}"
    assert unserved(app, "generalPages", url=url) == [
        f"$.modules.generalPages[0].url is guarded by the policy {policy.value}: "
        "its view must have the policy URL-bound"
    ]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/nowhere", id="no-route"),
        pytest.param("/", id="root"),
        pytest.param("/url_bound/", id="slash-at-the-end"),
        pytest.param("/branch", id="redirect"),
        pytest.param("/posted", id="another-method"),
        pytest.param("/t/{space.key}/p", id="half-the-path"),
    ],
)
def test_a_page_without_a_route_is_named(app: Flask, url: str) -> None:
    assert unserved(app, "generalPages", url=url) == [
        "$.modules.generalPages[0].url is not served by the app: add a route for it"
    ]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/url_bound?page={page.id}", id="query"),
        pytest.param("/t/{space.key}/p/{page.id}", id="path"),
        pytest.param("/t/a-{space.key}/p/{page.id}?x={a}/{b}", id="both"),
        pytest.param("/branch/", id="slash-at-the-end"),
    ],
)
def test_a_url_may_have_variables(app: Flask, url: str) -> None:
    assert unserved(app, "generalPages", url=url) == []


def test_a_variable_may_stand_for_a_number(app: Flask) -> None:
    assert unserved(app, "generalPages", url="/n/{page.id}") == []


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        pytest.param("webhooks", {}, id="webhook"),
        pytest.param("staticContentMacros", {"renderingMethod": "post"}, id="macro"),
        pytest.param("staticContentMacros", {"renderingMethod": "POST"}, id="upper"),
    ],
)
def test_some_modules_are_posted_to(
    app: Flask, kind: str, module: dict[str, Any]
) -> None:
    assert unserved(app, kind, url="/posted", **module) == []
    assert unserved(app, kind, url="/url_bound", **module) == [
        f"$.modules.{kind}[0].url is not served by the app: add a route for it"
    ]


@pytest.mark.parametrize("method", ["get", "GET", None])
def test_a_static_macro_is_read_unless_it_says_otherwise(
    app: Flask, method: str | None
) -> None:
    module = {"url": "/url_bound", "renderingMethod": method}
    assert unserved(app, "staticContentMacros", **module) == []


def test_a_cacheable_module_needs_a_cacheable_page(app: Flask) -> None:
    assert unserved(app, "generalPages", url="/cacheable", cacheable=True) == []
    for policy in (Policy.PUBLIC, Policy.URL_BOUND):
        url = f"/{policy.name.lower()}"
        assert unserved(app, "generalPages", url=url, cacheable=True) == [
            f"$.modules.generalPages[0].url is guarded by the policy {policy}: "
            "its view must have the policy cacheable"
        ]


@pytest.mark.parametrize("module", [{}, {"cacheable": False}, {"cacheable": 1}])
def test_a_page_that_is_not_cacheable_needs_another_policy(
    app: Flask, module: dict[str, Any]
) -> None:
    assert unserved(app, "generalPages", url="/cacheable", **module) == [
        "$.modules.generalPages[0].url is guarded by the policy cacheable: "
        "its view must have the policy URL-bound"
    ]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/url_bound", None),
        ("/url_bound?page={content.id}", None),
        ("/nowhere", "is not served by the app: add a route for it"),
        (
            "/public",
            "is guarded by the policy public: its view must have the policy URL-bound",
        ),
    ],
)
def test_a_remote_condition_is_served(
    app: Flask, path: str, problem: str | None
) -> None:
    conditions = [{"condition": "user_is_admin"}, {"or": [{"condition": path}]}]
    place = "$.modules.webItems[0].conditions[1].or[0].condition"
    expected = [f"{place} {problem}"] if problem else []
    assert unserved(app, "webItems", conditions=conditions) == expected


def test_a_single_page_is_served(app: Flask) -> None:
    for kind in ("configurePage", "postInstallPage"):
        found = [
            list(find_unserved_modules(app, {"modules": {kind: {"url": url}}}))
            for url in ("/url_bound", "/public")
        ]
        assert found == [
            [],
            [
                f"$.modules.{kind}.url is guarded by the policy public: "
                "its view must have the policy URL-bound"
            ],
        ]


def test_the_migration_path_is_posted_to(app: Flask) -> None:
    for url, problems in (
        ("/posted", []),
        ("/url_bound", ["is not served by the app: add a route for it"]),
    ):
        migration = {"cloudAppMigration": {"migrationWebhookPath": url}}
        for descriptor, place in (
            (migration, "$.cloudAppMigration"),
            ({"modules": migration}, "$.modules.cloudAppMigration"),
        ):
            expected = [f"{place}.migrationWebhookPath {text}" for text in problems]
            assert list(find_unserved_modules(app, descriptor)) == expected


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        pytest.param("generalPages", {}, id="no-url"),
        pytest.param("generalPages", {"url": 1}, id="odd-url"),
        pytest.param("webItems", {"url": "https://www.example.com"}, id="link"),
        pytest.param("webItems", {"url": "/x", "context": "product"}, id="product"),
        pytest.param("keyboardShortcuts", {"url": "/x"}, id="shortcut"),
        pytest.param("confluenceContentProperties", {"url": "/x"}, id="property"),
    ],
)
def test_some_modules_need_no_route(
    app: Flask, kind: str, module: dict[str, Any]
) -> None:
    assert unserved(app, kind, **module) == []


def test_a_web_item_of_the_app_itself_is_served(app: Flask) -> None:
    assert unserved(app, "webItems", url="/x", context="addon") == [
        "$.modules.webItems[0].url is not served by the app: add a route for it"
    ]


def test_every_module_is_checked(app: Flask) -> None:
    registered.clear()
    app.extensions["connect.descriptor"]["modules"] = {
        "generalPages": [{"key": "a", "url": "/a"}, {"key": "b", "url": "/public"}],
        "configurePage": {"key": "c", "url": "/c"},
    }
    with pytest.raises(DescriptorError) as caught:
        check(app)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "$.modules.generalPages[0].url",
        "$.modules.generalPages[1].url",
        "$.modules.configurePage.url",
    ]


def test_a_route_without_a_policy_is_named(app: Flask) -> None:
    app.add_url_rule("/open", "open", new_view())
    app.add_url_rule("/open/<name>", "open-too", new_view())
    with pytest.raises(ConfigurationError) as caught:
        check(app)
    assert str(caught.value) == "; ".join(
        f"the route {rule} declares no policy: decorate its view with "
        "jwt_required, context_jwt_required, session_token_required or public, "
        "below the route"
        for rule in ("/open", "/open/<name>")
    )


def test_a_route_without_a_view_is_named(app: Flask) -> None:
    app.url_map.add(app.url_rule_class("/lost", endpoint="lost"))
    assert [
        "the route /lost" in problem for problem in find_undeclared_routes(app)
    ] == [True]


def test_a_route_without_a_policy_stops_the_start(config: dict[str, Any]) -> None:
    fork = Blueprint("fork", __name__)
    for path in ("/overview", "/settings", "/macros/greeting"):
        fork.add_url_rule(path, path, jwt_required(new_view()))
    create_app(config, blueprint=fork)

    forgetful = Blueprint("forgetful", __name__)
    forgetful.register_blueprint(fork)
    forgetful.add_url_rule("/open", "open", new_view())
    with pytest.raises(ConfigurationError, match="the route /open declares no policy"):
        create_app(config, blueprint=forgetful)


def test_a_decorator_above_the_policy_stops_the_start(config: dict[str, Any]) -> None:
    def timed(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def answer(**values: Any) -> Any:
            return view(**values)

        return answer

    fork = Blueprint("fork", __name__)
    for path in ("/overview", "/settings", "/macros/greeting"):
        fork.add_url_rule(path, path, jwt_required(timed(new_view())))
    create_app(config, blueprint=fork)

    covered = Blueprint("covered", __name__)
    covered.register_blueprint(fork)
    covered.add_url_rule("/slow", "slow", timed(jwt_required(new_view())))
    expected = (
        r"^the route /slow has .*timed\.<locals>\.answer \(.*_routes\.py:\d+\) above "
        "its policy or a check, .*: put that decorator below"
    )
    with pytest.raises(ConfigurationError, match=expected):
        create_app(config, blueprint=covered)


def test_a_policy_below_an_object_is_named(app: Flask) -> None:
    covered = partial(guarded := jwt_required(new_view()))
    update_wrapper(covered, guarded)
    app.add_url_rule("/object", "object", covered)
    with pytest.raises(ConfigurationError, match="/object has a partial above"):
        check(app)


def test_a_decorator_above_the_route_declares_nothing(app: Flask) -> None:
    view = new_view()
    jwt_required(app.get("/wrong-way")(view))
    with pytest.raises(ConfigurationError, match="/wrong-way declares no policy"):
        check(app)


@pytest.mark.parametrize("first", DECORATORS)
@pytest.mark.parametrize("second", DECORATORS)
def test_a_view_has_one_policy(first: Policy, second: Policy) -> None:
    view = DECORATORS[first](new_view())
    assert policy_of(view) is first
    with pytest.raises(TypeError, match=f"already declares a policy: {first}"):
        DECORATORS[second](view)


def test_a_lifecycle_view_is_bound_to_its_url() -> None:
    decorate = lifecycle_jwt_required(INSTALLED)
    view = decorate(new_view())
    assert policy_of(view) is Policy.URL_BOUND
    with pytest.raises(TypeError, match="already declares a policy"):
        decorate(view)


def test_a_view_without_a_policy_has_none() -> None:
    assert policy_of(new_view()) is None
    assert policy_of(None) is None
