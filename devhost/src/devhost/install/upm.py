"""The install protocol: ``/wiki/rest/plugins/1.0/``, for scripts and apps."""

import logging
import secrets
import threading
import uuid
from collections import OrderedDict
from typing import Any, Self

from flask import Blueprint, Response, abort, jsonify, request

from devhost.descriptor.document import InstallError
from devhost.install.lifecycle import LifecycleError, install, uninstall
from devhost.protocol.raw_target import decode_segment
from devhost.protocol.strict_json import parse_json
from devhost.site import CONTEXT_PATH, Site
from devhost.site.current import current_site
from devhost.site.installations import Installation, Installations
from devhost.site.state import StateClosedError

PATH = "/rest/plugins/1.0"
CREDENTIALS = ("admin", "admin")
INSTALL_TYPES = frozenset(
    {
        "application/vnd.atl.plugins.install.uri+json",
        "application/vnd.atl.plugins.remote.install+json",
    }
)
PING_AFTER_MILLISECONDS = 100
MAX_REMEMBERED = 100
logger = logging.getLogger("devhost")

blueprint = Blueprint("upm", __name__, url_prefix=CONTEXT_PATH + PATH)


class PendingInstalls:
    """UPM tokens, and the installations that run in the background."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: OrderedDict[str, None] = OrderedDict()
        # None while it runs, then the app's key or the error.
        self._tasks: OrderedDict[str, str | InstallError | None] = OrderedDict()

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the pending installs of *site*."""
        return cls()

    def new_token(self) -> str:
        """Return a fresh UPM token."""
        token = secrets.token_hex(10)
        with self._lock:
            self._tokens[token] = None
            while len(self._tokens) > MAX_REMEMBERED:
                self._tokens.popitem(last=False)
        return token

    def is_token(self, token: str) -> bool:
        """Whether *token* was handed out here."""
        with self._lock:
            return token in self._tokens

    def start(self, site: Site, descriptor_url: str) -> str:
        """Start an installation and return the id of its task."""
        task = str(uuid.uuid4())
        self._set(task, None)
        threading.Thread(
            target=self._run, args=(site, descriptor_url, task), daemon=True
        ).start()
        return task

    def _run(self, site: Site, descriptor_url: str, task: str) -> None:
        try:
            self._set(task, install(site, descriptor_url).app_key)
        except InstallError as error:
            self._set(task, error)
        except StateClosedError:
            self._set(task, InstallError("The host was stopped in the meantime."))
        except Exception:
            # Clients that poll must get the result.
            logger.exception("an installation failed unexpectedly")
            self._set(task, InstallError("Unexpected failure; see the log."))

    def _set(self, task: str, result: str | InstallError | None) -> None:
        with self._lock:
            self._tasks[task] = result
            while len(self._tasks) > MAX_REMEMBERED:
                self._tasks.popitem(last=False)

    def is_task(self, task: str) -> bool:
        """Whether there is such a task."""
        with self._lock:
            return task in self._tasks

    def result(self, task: str) -> str | InstallError | None:
        """Return the app's key, the error, or None while the task runs."""
        with self._lock:
            return self._tasks.get(task)


def _root() -> str:
    return current_site().context_path + PATH


def _pending() -> PendingInstalls:
    return current_site().get(PendingInstalls)


@blueprint.before_request
def _require_administrator() -> Response | None:
    given = request.authorization
    if (
        given is not None
        and given.type == "basic"
        and (given.username, given.password) == CREDENTIALS
    ):
        return None
    response = jsonify(message="Basic authentication as admin:admin is needed.")
    response.status_code = 401
    response.headers["WWW-Authenticate"] = 'Basic realm="Local Confluence"'
    return response


@blueprint.get("/settings")
def settings() -> dict[str, Any]:
    """Report that development mode is on."""
    return {"settings": [{"key": "connectDeveloperListingsEnabled", "value": True}]}


@blueprint.get("/")
def installed_plugins() -> Response:
    """Return the installed apps, and a token to install another."""
    apps = [
        _representation(app)
        for app in current_site().get(Installations).all()
        if app.state != "uninstalled"
    ]
    response = jsonify(plugins=apps, links={"self": f"{_root()}/"})
    response.headers["upm-token"] = _pending().new_token()
    return response


@blueprint.post("/")
def install_plugin() -> tuple[dict[str, Any], int]:
    """Start an installation."""
    if not _pending().is_token(request.args.get("token", "")):
        abort(403, "The UPM token is missing or was not handed out here.")
    if request.mimetype not in INSTALL_TYPES:
        abort(415, f"Content-Type must be one of {', '.join(sorted(INSTALL_TYPES))}.")
    task = _pending().start(current_site(), _plugin_uri())
    return {
        "type": "INSTALL",
        "pingAfter": PING_AFTER_MILLISECONDS,
        "status": {"done": False, "statusCode": 200},
        "links": {"self": f"{_root()}/pending/{task}"},
    }, 202


def _plugin_uri() -> str:
    try:
        body = parse_json(request.get_data())
    except ValueError:
        body = None
    uri = body.get("pluginUri") if isinstance(body, dict) else None
    if not isinstance(uri, str):
        abort(400, 'The body must be {"pluginUri": "<descriptor URL>"}.')
    return uri


@blueprint.get("/pending/<task>")
def pending(task: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Return the progress of an installation."""
    if not _pending().is_task(task):
        abort(404, "There is no such task.")
    result = _pending().result(task)
    if isinstance(result, str):
        return {}, 303, {"Location": f"{_root()}/{result}-key"}
    status: dict[str, Any] = {"done": result is not None, "statusCode": 200}
    if result is not None:
        status |= {"errorMessage": str(result), "subCode": "upm.install.error"}
    return (
        {
            "pingAfter": PING_AFTER_MILLISECONDS,
            "status": status,
            "links": {"self": f"{_root()}/pending/{task}"},
        },
        200,
        {},
    )


@blueprint.get("/<app_key>-key")
def installed_plugin(app_key: str) -> dict[str, Any]:
    """Return one installed app."""
    app = current_site().get(Installations).find_installed(_decoded(app_key))
    if app is None:
        abort(404, "There is no such app.")
    return _representation(app)


@blueprint.delete("/<app_key>-key")
def uninstall_plugin(app_key: str) -> tuple[str, int]:
    """Uninstall an app."""
    try:
        uninstall(current_site(), _decoded(app_key))
    except LifecycleError:
        abort(404, "There is no such app.")
    return "", 204


def _decoded(segment: str) -> str:
    try:
        return decode_segment(segment)
    except UnicodeDecodeError:
        abort(404, "There is no such app.")


def _representation(app: Installation) -> dict[str, Any]:
    return {
        "key": app.app_key,
        "name": app.name,
        "version": str(app.descriptor.get("version", "1.0.0-AC")),
        "enabled": app.state == "enabled",
        "userInstalled": True,
        "links": {"self": f"{_root()}/{app.app_key}-key"},
    }
