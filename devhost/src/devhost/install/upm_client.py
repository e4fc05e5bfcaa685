"""A client of the install protocol: install an app by REST, as a script would."""

import time
from collections.abc import Callable
from urllib.parse import urljoin

import requests

from devhost.exchanges.outbound_http import new_session
from devhost.install.upm import CREDENTIALS, INSTALL_TYPES

GIVE_UP_SECONDS = 30
REQUEST_SECONDS = 10


class InstallerError(Exception):
    """The installation failed; the message is the site's."""


class Interrupted(Exception):
    """A stop was requested before there was a result."""


Pause = Callable[[float], bool]


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def install_app(base_url: str, descriptor_url: str, *, pause: Pause = _sleep) -> str:
    """Install the app on the site at *base_url* and return the app's key.

    ``pause`` waits so many seconds and returns whether to give up.

    :raises InstallerError: if the site refuses it.
    :raises Interrupted: if ``pause`` says so.
    """
    try:
        return _install(base_url, descriptor_url, pause)
    except requests.RequestException as error:
        raise InstallerError(f"the site broke off ({type(error).__name__})") from error


def _install(base_url: str, descriptor_url: str, pause: Pause) -> str:
    root = f"{base_url}/rest/plugins/1.0/"
    with new_session() as session:
        session.auth = CREDENTIALS
        token = session.get(root, timeout=REQUEST_SECONDS).headers["upm-token"]
        accepted = session.post(
            root,
            params={"token": token},
            headers={"Content-Type": min(INSTALL_TYPES)},
            json={"pluginUri": descriptor_url},
            timeout=REQUEST_SECONDS,
        )
        if accepted.status_code != 202:
            raise InstallerError(f"the site answered {accepted.status_code}")
        task = accepted.json()
        return _wait(
            session, urljoin(root, task["links"]["self"]), task["pingAfter"], pause
        )


def _wait(
    session: requests.Session, address: str, ping_after: int, pause: Pause
) -> str:
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up_at:
        # A finished task redirects to the app.
        answer = session.get(address, timeout=REQUEST_SECONDS).json()
        if "key" in answer:
            return str(answer["key"])
        if answer["status"]["done"]:
            raise InstallerError(answer["status"]["errorMessage"])
        if pause(ping_after / 1000):
            raise Interrupted
    raise InstallerError(f"no result after {GIVE_UP_SECONDS} seconds")
