"""Lint rules: each names where the descriptor is wrong, and what to write instead."""

import json
from copy import deepcopy
from typing import Any

import pytest

from app.connect.descriptor.lint import find_problems, is_external_link, iterate_modules
from tests.example import HOME
from tests.signing import MISSING

TEMPLATE = json.loads((HOME / "atlassian-connect.json").read_text(encoding="utf-8"))


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the valid descriptor with one thing changed; MISSING removes it."""
    descriptor: dict[str, Any] = deepcopy(TEMPLATE)
    *parents, last = path.split("/")
    place: Any = descriptor
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is MISSING:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return descriptor


def problems(path: str, value: Any) -> list[str]:
    return list(find_problems(changed(path, value)))


def test_the_example_has_no_problem() -> None:
    assert list(find_problems(TEMPLATE)) == []


APP_KEY = (
    "$.key is not made of letters, digits, '.', '_' and '-': write e.g. com.example.app"
)
NAME = "$.name is missing or too long: write 1 to 80 characters"
HTTPS = "$.baseUrl is not a plain https URL such as https://app.example.com"
TYPE = '$.authentication.type is not jwt: write {"type": "jwt"}'
LIFECYCLE = '$.lifecycle is missing: write {"installed": "/installed", ...}'
SCOPES = '$.scopes is not a list: write e.g. ["READ"]'
MODULES = "$.modules is missing: write an object of modules"
REFUSED = "or the host signs in a way that is refused here"
MODULE_KEY = (
    "$.modules.generalPages[0].key is not made of letters, digits and '-': "
    "write e.g. my-page"
)
URL = '$.modules.generalPages[0].url is not relative to baseUrl: write e.g. "/page"'
ODD = [
    pytest.param(None, id="null"),
    pytest.param(1, id="number"),
    pytest.param([], id="list"),
    pytest.param({}, id="object"),
]


@pytest.mark.parametrize(
    "key",
    [
        MISSING,
        "",
        "com.example app",
        "com.example/app",
        "com.example.app\n",
        'com.example"app',
        "com.example.äpp",
    ],
)
def test_the_app_key_is_well_formed(key: Any) -> None:
    assert problems("key", key) == [APP_KEY]


@pytest.mark.parametrize("key", ODD)
def test_the_app_key_is_a_string(key: Any) -> None:
    assert problems("key", key) == [APP_KEY]


def test_the_app_key_has_at_most_64_characters() -> None:
    assert problems("key", "k" * 64) == []
    assert problems("key", "k" * 65) == [
        "$.key has 65 characters: write at most 64",
    ]


@pytest.mark.parametrize("key", ["a", "A.b_c-9", "com.example.app"])
def test_a_valid_app_key_is_accepted(key: str) -> None:
    assert problems("key", key) == []


@pytest.mark.parametrize("name", [MISSING, "", "n" * 81, None, 1])
def test_the_name_is_1_to_80_characters(name: Any) -> None:
    assert problems("name", name) == [NAME]
    assert problems("name", "n") == problems("name", "n" * 80) == []


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        pytest.param(MISSING, HTTPS, id="missing"),
        pytest.param(None, HTTPS, id="null"),
        pytest.param("", HTTPS, id="empty"),
        pytest.param("app.example.com", HTTPS, id="no-scheme"),
        pytest.param(
            "http://app.example.com",
            "$.baseUrl must be https; http is for loopback addresses only",
            id="http",
        ),
        pytest.param("http://localhost:8080", None, id="loopback"),
        pytest.param("https://app.example.com/base", None, id="path"),
    ],
)
def test_the_base_url_is_https(base_url: Any, expected: str | None) -> None:
    assert problems("baseUrl", base_url) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "authentication",
    [MISSING, None, "jwt", {}, {"type": None}, {"type": "none"}, {"type": ["jwt"]}],
)
def test_the_authentication_is_jwt(authentication: Any) -> None:
    assert problems("authentication", authentication) == [TYPE]


def test_the_authentication_may_be_in_upper_case() -> None:
    assert problems("authentication", {"type": "JWT"}) == []


@pytest.mark.parametrize("lifecycle", [MISSING, None, "/installed", []])
def test_the_lifecycle_is_declared(lifecycle: Any) -> None:
    assert problems("lifecycle", lifecycle) == [LIFECYCLE]


@pytest.mark.parametrize("event", ["installed", "uninstalled", "enabled", "disabled"])
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("installed-", id="relative"),
        pytest.param("https://app.example.com/installed", id="absolute"),
        pytest.param("/elsewhere", id="elsewhere"),
        pytest.param("", id="empty"),
        pytest.param(1, id="number"),
    ],
)
def test_the_lifecycle_urls_are_where_the_app_listens(event: str, url: Any) -> None:
    assert problems(f"lifecycle/{event}", url) == [
        f'$.lifecycle.{event} is not where the app listens: write "/{event}"'
    ]


@pytest.mark.parametrize("event", ["installed", "uninstalled"])
@pytest.mark.parametrize("nothing", [MISSING, None])
def test_two_lifecycle_events_are_required(event: str, nothing: Any) -> None:
    assert problems(f"lifecycle/{event}", nothing) == [
        f'$.lifecycle.{event} is not where the app listens: write "/{event}"'
    ]


@pytest.mark.parametrize("event", ["enabled", "disabled"])
@pytest.mark.parametrize("nothing", [MISSING, None])
def test_two_lifecycle_events_are_optional(event: str, nothing: Any) -> None:
    assert problems(f"lifecycle/{event}", nothing) == []


@pytest.mark.parametrize("scopes", ["READ", None, {"READ": True}, 1])
def test_the_scopes_are_a_list(scopes: Any) -> None:
    assert problems("scopes", scopes) == [SCOPES]


@pytest.mark.parametrize("scope", ["EVERYTHING", "", None, 1, ["READ"]])
def test_a_scope_is_known(scope: Any) -> None:
    assert problems("scopes", ["READ", scope]) == [
        "$.scopes[1] is not a scope: write one of ACCESS_EMAIL_ADDRESSES, ACT_AS_USER, "
        "ADMIN, DELETE, NONE, PROJECT_ADMIN, READ, SPACE_ADMIN, WRITE"
    ]


@pytest.mark.parametrize("scopes", [MISSING, [], ["read", "Write", "ACT_AS_USER"]])
def test_valid_scopes_are_accepted(scopes: Any) -> None:
    assert problems("scopes", scopes) == []


@pytest.mark.parametrize("name", ["signed-install", "context-qsh"])
@pytest.mark.parametrize("value", [MISSING, False, None, "true", 1])
def test_both_security_migrations_are_on(name: str, value: Any) -> None:
    assert problems(f"apiMigrations/{name}", value) == [
        f"$.apiMigrations.{name} is not true: write true, {REFUSED}"
    ]


@pytest.mark.parametrize("migrations", [MISSING, None, [], "all"])
def test_the_migrations_are_declared(migrations: Any) -> None:
    assert problems("apiMigrations", migrations) == [
        f"$.apiMigrations.{name} is not true: write true, {REFUSED}"
        for name in ("signed-install", "context-qsh")
    ]


@pytest.mark.parametrize("modules", [MISSING, None, [], "all"])
def test_the_modules_are_declared(modules: Any) -> None:
    assert problems("modules", modules) == [MODULES]


@pytest.mark.parametrize(
    "key", [MISSING, None, 1, "", "my page", "my_page", "my.page", "page\n", "seite-ä"]
)
def test_a_module_key_is_well_formed(key: Any) -> None:
    assert problems("modules/generalPages/0/key", key) == [MODULE_KEY]


def test_a_module_key_is_unique_over_all_types() -> None:
    assert problems("modules/adminPages/0/key", "overview") == [
        "$.modules.adminPages[0].key is taken by $.modules.generalPages[0]: "
        "write another"
    ]


def test_a_single_module_is_checked_too() -> None:
    page = {"key": "overview", "url": "page"}
    assert problems("modules/configurePage", page) == [
        "$.modules.configurePage.key is taken by $.modules.generalPages[0]: "
        "write another",
        '$.modules.configurePage.url is not relative to baseUrl: write e.g. "/page"',
    ]


def test_a_webhook_needs_no_key() -> None:
    webhook = {"event": "page_created", "url": "/webhooks/page"}
    assert problems("modules/webhooks", [webhook]) == []
    assert problems("modules/webhooks", [webhook | {"key": "a b"}]) == [
        "$.modules.webhooks[0].key is not made of letters, digits and '-': "
        "write e.g. my-page"
    ]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(None, id="null"),
        pytest.param(1, id="number"),
        pytest.param("", id="empty"),
        pytest.param("page", id="no-slash"),
        pytest.param("https://app.example.com/page", id="absolute"),
        pytest.param("//evil.example/page", id="two-slashes"),
        pytest.param("/\\evil.example", id="slash-back-slash"),
        pytest.param("/a\\b", id="back-slash"),
        pytest.param("/a b", id="space"),
        pytest.param("/a\n", id="newline"),
        pytest.param("javascript:alert(1)", id="script"),
    ],
)
def test_a_module_url_is_relative(url: Any) -> None:
    assert problems("modules/generalPages/0/url", url) == [URL]


@pytest.mark.parametrize("url", [MISSING, "/", "/a?b={page.id}", "/a/{space.key}#c"])
def test_a_valid_module_url_is_accepted(url: Any) -> None:
    assert problems("modules/generalPages/0/url", url) == []


def test_a_web_item_may_link_to_another_site() -> None:
    link = {"key": "link", "url": "https://www.example.com"}
    assert problems("modules/webItems", [link]) == []
    for url in ("http://www.example.com", "//www.example.com"):
        assert problems("modules/webItems", [link | {"url": url}]) == [
            '$.modules.webItems[0].url is not relative to baseUrl: write e.g. "/page"'
        ]
    assert problems("modules/webPanels", [link]) == [
        '$.modules.webPanels[0].url is not relative to baseUrl: write e.g. "/page"'
    ]


@pytest.mark.parametrize("url", [None, 1, "http://a.example", "/a"])
def test_only_a_https_link_is_external(url: Any) -> None:
    assert not is_external_link("webItems", url)
    assert is_external_link("webItems", "https://a.example")


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(None, id="null"),
        pytest.param([{"key": "a"}], id="list"),
        pytest.param({"generalPages": None}, id="null-type"),
        pytest.param({"generalPages": "a"}, id="string-type"),
        pytest.param({"generalPages": [None, 1, "a", []]}, id="no-objects"),
    ],
)
def test_only_objects_are_modules(modules: Any) -> None:
    assert list(iterate_modules({"modules": modules})) == []


@pytest.mark.parametrize("value", [None, "a", 1, [None], [{"key": "a"}, "b"]])
def test_a_module_type_holds_objects(value: Any) -> None:
    found = problems("modules/adminPages", value)
    assert "$.modules.adminPages is not a list of objects: write [{...}]" in found


def test_all_problems_are_found_at_once() -> None:
    found = list(find_problems({}))
    places = [problem.split()[0] for problem in found]
    assert places == [
        "$.key",
        "$.name",
        "$.baseUrl",
        "$.authentication.type",
        "$.lifecycle",
        "$.apiMigrations.signed-install",
        "$.apiMigrations.context-qsh",
        "$.modules",
    ]
