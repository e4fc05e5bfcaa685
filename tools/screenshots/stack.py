"""The stack: the app and a local Confluence, for as long as the pictures take."""

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devhost.signals import StopRequest

from tools.processes import (
    Child,
    ChildEnded,
    free_port,
    local_session,
    run_step,
    wait_until_ready,
)
from tools.screenshots.errors import ScreenshotsError

# How much of their output is shown if one of them fails.
LOG_LINES = 20


@dataclass(frozen=True)
class Stack:
    """The address of the site, and the app that it has."""

    site: str
    app_key: str

    def get(self, path: str) -> Any:
        """Return the JSON of the site's answer."""
        return self._ask("GET", path, None)

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """PUT JSON, and return the site's answer."""
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        with local_session() as session:
            answer = session.request(method, self.site + path, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def address_of(self, module_type: str) -> str | None:
        """Return the URL of the app's first page of a type; None if it has no page."""
        modules = self.get(f"/devhost/api/apps/{self.app_key}/modules")["modules"]
        for each in modules:
            if each["type"] == module_type and not each["hidden"]:
                path = f"/wiki/plugins/servlet/ac/{self.app_key}/{each['key']}"
                return self.site + path
        return None


@contextmanager
def running(folder: Path, stop: StopRequest) -> Iterator[Stack]:
    """Run the app and the site, with their databases in *folder*.

    :raises ScreenshotsError: if one of them ends or does not answer.
    """
    app, site = f"http://127.0.0.1:{free_port()}", f"http://localhost:{free_port()}"
    environment = _environment(app, site, folder)
    children: list[Child] = []
    log_file = folder / "log"
    try:
        with log_file.open("wb") as log:
            upgrade = ["-m", "flask", "--app", "wsgi", "db", "upgrade"]
            run_step("flask db upgrade", upgrade, environment, stop, log=log)
            gunicorn = ["-m", "gunicorn", "wsgi:app"]
            children.append(Child("the app (gunicorn)", gunicorn, environment, log=log))
            _wait_for(f"{app}/healthz", children, stop)
            devhost = ["-m", "devhost", "--app", app, "--port", site.rpartition(":")[2]]
            devhost += ["--state", str(folder / "site.sqlite3")]
            children.append(
                Child("the local Confluence", devhost, environment, log=log)
            )
            _wait_for(f"{site}/devhost/api/ready", children, stop)
        yield Stack(site, _app_key(site))
    except (ScreenshotsError, ChildEnded) as error:
        raise ScreenshotsError(f"{error}\n{_tail(log_file)}") from error
    finally:
        for child in reversed(children):
            child.stop()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])


def _environment(app: str, site: str, folder: Path) -> dict[str, str]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {
        **os.environ,
        "BIND": app.removeprefix("http://"),
        "WEB_CONCURRENCY": "1",
        "SECRET_KEY": secrets.token_hex(),
        "DATABASE_URL": f"sqlite:///{folder / 'app.sqlite3'}",
        "CELERY_BROKER_URL": f"sqla+sqlite:///{folder / 'broker.sqlite3'}",
        "CONNECT_BASE_URL": app,
        "CONNECT_ENCRYPTION_KEYS": key,
        "CONNECT_ALLOWED_HOSTS": "localhost",
        "CONNECT_KEY_SERVERS": f"{site}/install-keys",
        "CONNECT_ALL_JS_URL": f"{site}/wiki/atlassian-connect/all.js",
    }


def _wait_for(url: str, children: list[Child], stop: StopRequest) -> None:
    wait_until_ready(url, children, stop)
    if stop.is_set():
        raise ScreenshotsError("interrupted")


def _app_key(site: str) -> str:
    with local_session() as session:
        answer = session.get(f"{site}/devhost/api/apps", timeout=5)
    return str(answer.json()["apps"][0]["key"])
