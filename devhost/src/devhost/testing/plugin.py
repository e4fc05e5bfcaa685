"""The fixtures of the test kit: see "As pytest fixtures" in the README.

pytest loads it in every run, so it imports the host only when a test uses it.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from devhost.testing.app_server import ReservedPort
    from devhost.testing.confluence import RecordingConfluence, UserSwitch
    from devhost.testing.installed_app import InstalledApp
    from devhost.testing.signed_client import SignedClient

SECTION = "messages between host and app"
UNCONNECTED = """\
the fixture 'app' does not use the fixture 'connect_settings': let it take
connect_settings, and give create_app its entries, such as CONNECT_BASE_URL={!r}
(the app has {!r}). See "As pytest fixtures" in the README of confluence-devhost."""


@pytest.fixture(scope="session")
def _confluence_of_the_session() -> Iterator["RecordingConfluence"]:
    from devhost.testing.confluence import RecordingConfluence

    with RecordingConfluence() as confluence:
        yield confluence


@pytest.fixture(scope="session")
def _port_of_the_app() -> Iterator["ReservedPort"]:
    from devhost.testing.app_server import ReservedPort

    port = ReservedPort()
    yield port
    port.close()


@pytest.fixture(scope="session")
def connect_settings(
    _confluence_of_the_session: "RecordingConfluence", _port_of_the_app: "ReservedPort"
) -> dict[str, str]:
    """The settings that connect an app to the local Confluence.

    They contain the app's own base URL and the host's addresses, and stay the same for
    the whole session.
    """
    confluence = _confluence_of_the_session
    return {
        "CONNECT_BASE_URL": _port_of_the_app.base_url,
        "CONNECT_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "CONNECT_KEY_SERVERS": f"{confluence.origin}/install-keys",
        "CONNECT_OAUTH_SERVER": confluence.origin,
        "CONNECT_ALL_JS_URL": f"{confluence.base_url}/atlassian-connect/all.js",
    }


@pytest.fixture
def confluence(
    _confluence_of_the_session: "RecordingConfluence",
) -> Iterator["RecordingConfluence"]:
    """A local Confluence on real sockets, fresh for each test."""
    _confluence_of_the_session.reset()
    yield _confluence_of_the_session
    _confluence_of_the_session.reset()


@pytest.fixture
def installed_app(
    confluence: "RecordingConfluence",
    app: "Flask",
    connect_settings: dict[str, str],
    _port_of_the_app: "ReservedPort",
) -> Iterator["InstalledApp"]:
    """The app of the fixture ``app``, served on a real socket and installed."""
    from devhost.testing.app_server import serve
    from devhost.testing.installed_app import InstalledApp, install

    expected = connect_settings["CONNECT_BASE_URL"]
    actual = app.config.get("CONNECT_BASE_URL")
    if actual != expected:
        pytest.fail(UNCONNECTED.format(expected, actual), pytrace=False)
    with serve(app, _port_of_the_app):
        key = install(confluence, expected)
        installed = InstalledApp(app, confluence, expected, key)
        yield installed
        confluence.faults.switch_off()
        if installed.is_installed:
            installed.uninstall()


@pytest.fixture
def as_user(confluence: "RecordingConfluence") -> Callable[[str], "UserSwitch"]:
    """Switch the current user: ``as_user("admin")``, as a call or a context manager."""
    return confluence.as_user


@pytest.fixture
def signed_client(installed_app: "InstalledApp") -> "SignedClient":
    """A Flask test client that signs every request as the host does."""
    from devhost.testing.signatures import Signature
    from devhost.testing.signed_client import SignedClient

    return SignedClient(installed_app.app, Signature(installed_app))


@pytest.fixture
def sign_url(installed_app: "InstalledApp") -> Callable[..., str]:
    """Sign a path of the app: ``sign_url("/overview")`` is what an iframe loads.

    ``user``, ``site``, ``content_id`` and ``context`` change the claims.
    """
    from devhost.testing.signatures import Signature, signed_url

    def sign(path: str, **changes: Any) -> str:
        return signed_url(Signature(installed_app).changed(**changes), path)

    return sign


@pytest.fixture
def context_jwt(installed_app: "InstalledApp") -> Callable[..., str]:
    """Sign a token like those of ``AP.context.getToken``: ``context_jwt()``.

    ``user``, ``site``, ``content_id`` and ``context`` change the claims.
    """
    from devhost.testing.signatures import Signature

    def sign(**changes: Any) -> str:
        signature = Signature(installed_app, is_context_jwt=True).changed(**changes)
        return signature.token("GET", "/")

    return sign


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the messages below a failed test that used the host."""
    report = yield
    if report.when == "call" and report.failed:
        transcript = getattr(_host_of(item), "transcript", None)
        if transcript is not None and not _shows_messages(call):
            report.sections.append((SECTION, transcript()))
    return report


def _host_of(item: pytest.Item) -> object:
    return getattr(item, "funcargs", {}).get("confluence")


def _shows_messages(call: pytest.CallInfo[None]) -> bool:
    error = call.excinfo and call.excinfo.value
    return getattr(error, "shows_messages", False)
