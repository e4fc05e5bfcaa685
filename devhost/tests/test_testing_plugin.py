"""The test kit as a plugin: its fixtures, and the output of failed tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., pytest.RunResult]

# The smallest app that can be installed; it checks nothing.
CONFTEST = """
import pytest
from flask import Flask, request

DESCRIPTOR = {
    "key": "com.example.small",
    "name": "Small",
    "authentication": {"type": "jwt"},
    "apiMigrations": {"signed-install": True, "context-qsh": True, "gdpr": True},
    "lifecycle": {"installed": "/installed", "uninstalled": "/uninstalled"},
    "scopes": ["READ"],
}

@pytest.fixture
def app(connect_settings):
    app = Flask("small")
    app.config.update(connect_settings)
    base_url = app.config["CONNECT_BASE_URL"]

    @app.get("/atlassian-connect.json")
    def descriptor():
        return {**DESCRIPTOR, "baseUrl": base_url}

    @app.post("/<event>")
    def told(event):
        return "", app.config.get("ANSWER", 204)

    @app.get("/page")
    def page():
        return request.headers.get("Authorization", "none")

    return app
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run test files in a process of their own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(CONFTEST)

    def run_tests(*files: str) -> pytest.RunResult:
        pytester.makepyfile(**{f"test_{n}": text for n, text in enumerate(files)})
        return pytester.runpytest_subprocess(
            "-p", "devhost.testing.plugin", "-W", "error", "--disable-socket",
            "--allow-hosts=127.0.0.1,::1,localhost",
        )  # fmt: skip

    return run_tests


def test_each_test_gets_a_fresh_host_and_its_app_installed(run: Run) -> None:
    result = run("""
        import requests

        URLS = []

        def test_first(confluence, installed_app, as_user):
            assert requests.get(installed_app.descriptor_url, timeout=9).ok
            confluence.faults.server_error()
            as_user("anonymous")
            URLS.append((confluence.base_url, installed_app.base_url))

        def test_second(confluence, installed_app):
            assert confluence.faults.on() == {}
            assert confluence.site.user.name == "admin"
            confluence.sent_event("installed", times=1)
            URLS.append((confluence.base_url, installed_app.base_url))

        def test_the_addresses_stay_and_nobody_listens(confluence, connect_settings):
            [first, second] = URLS
            assert first == second
            try:
                requests.get(connect_settings["CONNECT_BASE_URL"], timeout=9)
            except requests.ConnectionError:
                return
            raise AssertionError("somebody answered")

        def test_an_app_that_is_gone_already_is_left_alone(confluence, installed_app):
            installed_app.uninstall()
            assert not installed_app.is_installed
        """)
    result.assert_outcomes(passed=4)


def test_the_fixtures_that_sign_and_switch_the_user(run: Run) -> None:
    result = run("""
        import jwt

        def claims(installed_app, token):
            secret = installed_app.installation().shared_secret
            return jwt.decode(token, secret, algorithms=["HS256"])

        def test_a_client(signed_client, installed_app):
            token = signed_client.get("/page").text.removeprefix("JWT ")
            assert claims(installed_app, token)["qsh"] != "context-qsh"
            assert signed_client.unsigned().get("/page").text == "none"

        def test_a_url(sign_url, installed_app):
            address, token = sign_url("/page?a=b", user="user").split("&jwt=")
            assert address == installed_app.base_url + "/page?a=b"
            assert claims(installed_app, token)["sub"].endswith("ordinary-user")

        def test_a_context_jwt(context_jwt, installed_app):
            token = context_jwt(user="anonymous")
            assert claims(installed_app, token)["qsh"] == "context-qsh"
            assert "sub" not in claims(installed_app, token)

        def test_who_looks(as_user, confluence):
            with as_user("anonymous"):
                assert confluence.site.user.name == "anonymous"
            assert confluence.site.user.name == "admin"
        """)
    result.assert_outcomes(passed=4)


def test_a_failed_test_shows_the_messages(run: Run) -> None:
    result = run("""
        def test_missing(confluence, installed_app):
            confluence.received("PUT", "/rest/api/content/{id}", within=0)

        def test_other(confluence, installed_app):
            assert installed_app.key == "another"

        def test_without_the_host():
            assert 1 == 2
        """)
    result.assert_outcomes(failed=3)
    # In CI the summary repeats the messages in full.
    text, _, summary = result.stdout.str().partition("= short test summary info =")
    missing, _, rest = text.partition("_ test_other _")
    other, _, without = rest.partition("_ test_without_the_host _")
    assert "MessageError: Confluence received no PUT /rest/api/content/{id}." in missing
    assert missing.count("lifecycle host -> app  POST /installed  204") == 1
    # The traceback ends at the line in the test.
    assert "def _found" not in missing and "def received" not in missing
    assert "- messages between host and app -" in other
    assert other.count("lifecycle host -> app  POST /installed  204") == 1
    assert "host -> app" not in without
    assert "ATCO" not in text + summary


def test_an_app_that_cannot_be_installed_is_explained(run: Run) -> None:
    override = """
        import pytest

        @pytest.fixture
        def app(app):
            app.config[{!r}] = {!r}
            return app

        def test_cannot_begin(installed_app):
            pass
        """
    result = run(
        override.format("ANSWER", 500),
        override.format("CONNECT_BASE_URL", "https://app.example.com"),
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*returned HTTP response code 500*",
            "*host -> app  POST /installed  500",
            "the fixture 'app' does not use the fixture 'connect_settings': *",
        ]
    )


def test_a_test_without_the_host_does_not_load_it(run: Run) -> None:
    result = run("""
        import sys

        def test_nothing_is_loaded():
            loaded = [name for name in sys.modules if name.startswith("devhost")]
            assert sorted(loaded) == [
                "devhost", "devhost.testing", "devhost.testing.plugin"
            ]
        """)
    result.assert_outcomes(passed=1)
