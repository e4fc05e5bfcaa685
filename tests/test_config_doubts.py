"""Settings that are well-formed but look wrong."""

from typing import Any

import pytest

from app.config import SETTINGS, load
from app.config_doubts import find_doubts
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY

PUBLIC = {
    "SECRET_KEY": SECRET_KEY,
    "CONNECT_ENCRYPTION_KEYS": ENCRYPTION_KEY,
    "CONNECT_BASE_URL": "https://app.example.com",
}
LOCAL = {
    "CONNECT_ALLOWED_HOSTS": ".atlassian.net,localhost",
    "CONNECT_KEY_SERVERS": "https://keys.example.com,http://127.0.0.1:8090/keys",
    "CONNECT_OAUTH_SERVER": "https://[::1]:8090",
    "CONNECT_ALL_JS_URL": "http://localhost:8090/all.js",
    "CONNECT_RECORD_CALLS": "yes",
}


def doubts(given: dict[str, Any]) -> list[str]:
    return [*find_doubts(load(given), SETTINGS, given)]


@pytest.mark.parametrize("name", LOCAL)
def test_a_setting_of_a_local_site_needs_a_local_app(name: str) -> None:
    [doubt] = doubts(PUBLIC | {name: LOCAL[name]})
    assert doubt.startswith(f"{name} is ")
    assert "but CONNECT_BASE_URL is public" in doubt


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8080", "https://localhost/a"])
def test_a_local_app_may_have_them_all(base_url: str) -> None:
    assert doubts(PUBLIC | LOCAL | {"CONNECT_BASE_URL": base_url}) == []


def test_only_the_local_value_is_named() -> None:
    named = {name: LOCAL[name] for name in ("CONNECT_ALLOWED_HOSTS",)}
    assert doubts(PUBLIC | named) == [
        "CONNECT_ALLOWED_HOSTS is localhost, but CONNECT_BASE_URL is public: "
        "a site on that machine can install the app"
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CONNECT_CLOCK_LEWAY", "did you mean CONNECT_CLOCK_LEEWAY?"),
        ("CONNECT_KEY_SERVER", "did you mean CONNECT_KEY_SERVERS?"),
        ("CONNECT_SKIP_QSH", "see docs/settings.md"),
    ],
)
def test_a_name_that_is_no_setting_is_doubted(name: str, hint: str) -> None:
    # Its value may be a secret.
    [doubt] = doubts(PUBLIC | {name: "canary"})
    assert doubt == f"{name} is not a setting: {hint}"


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LOG_LEVL", "CONNECT_SERVICE_HOST", "CONNECT_SERVICE_PORT_HTTP"),
        *("CONNECT_PORT", "CONNECT_PORT_8080_TCP_ADDR"),
    ],
)
def test_a_variable_of_something_else_is_not(name: str) -> None:
    assert doubts(PUBLIC | {name: "tcp://10.0.0.1:80"}) == []
