"""``make run``: the app, its worker, and a local Confluence that has it installed.

Run it from the repository's root. It uses the app only over HTTP and through its
commands, and imports nothing from it.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from devhost.options import port_number
from devhost.signals import StopRequest, stop_request

from tools.dotenv import create_dotenv
from tools.processes import (
    POLL_SECONDS,
    Child,
    ChildEnded,
    local_session,
    run_step,
    wait_until_ready,
)

APP_PORT = 8080
PORT = 8090
# Threads, since connections to an embedded broker do not survive a fork; and several
# messages for each, since the worker polls that broker only once a second.
WORKER = ["-m", "celery", "--app", "wsgi:celery", "worker", "--beat"]
WORKER += ["--pool", "threads", "--concurrency", "4", "--prefetch-multiplier", "16"]
WORKER += ["--loglevel", "WARNING"]


class RunError(Exception):
    """The programs can't run; the message says what to do."""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.run",
        description="Run the app, its worker and a local Confluence that has it.",
    )
    parser.add_argument(
        "--app-port",
        type=port_number,
        default=APP_PORT,
        help=f"the app's port (default: {APP_PORT})",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=PORT,
        help=f"the local Confluence's port (default: {PORT})",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start the local Confluence from scratch"
    )
    return parser.parse_args(arguments)


def app_environment(app_port: int, port: int) -> dict[str, str]:
    """Return the app's environment: on loopback, with ports that may not be default."""
    environment = os.environ | {"BIND": f"127.0.0.1:{app_port}"}
    if (app_port, port) != (APP_PORT, PORT):
        site = f"http://localhost:{port}"
        environment |= {
            "CONNECT_BASE_URL": f"http://127.0.0.1:{app_port}",
            "CONNECT_ALLOWED_HOSTS": "localhost",
            "CONNECT_KEY_SERVERS": f"{site}/install-keys",
            "CONNECT_OAUTH_SERVER": site,
            "CONNECT_ALL_JS_URL": f"{site}/wiki/atlassian-connect/all.js",
        }
    return environment


def check_port(port: int, option: str) -> None:
    """Check that *port* is free.

    :raises RunError: if it is not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RunError(
                f"port {port} is in use: stop the program that uses it, "
                f"or choose another with {option}"
            ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything until a signal asks to stop; return the exit code."""
    options = parse_arguments(arguments)
    with stop_request() as stop:
        return _run(options, stop)


def _run(options: argparse.Namespace, stop: StopRequest) -> int:
    children: list[Child] = []
    try:
        _start(options, children, stop)
        if not stop.is_set():
            _say(f"Open {_page(options.port)}  (Ctrl-C stops both)")
        while not stop.wait(POLL_SECONDS):
            for child in children:
                child.check()
    except (RunError, ChildEnded) as error:
        if stop.is_set():
            return 0
        print(f"run: {error}", file=sys.stderr)
        return 1
    finally:
        # The site stops first, so that nothing calls an app that is gone.
        for child in reversed(children):
            child.stop()
    return 0


def _start(
    options: argparse.Namespace, children: list[Child], stop: StopRequest
) -> None:
    check_port(options.app_port, "--app-port")
    check_port(options.port, "--port")
    environment = app_environment(options.app_port, options.port)
    if create_dotenv(Path(".env.example"), Path(".env")):
        _say("Wrote .env with fresh secrets")
    _say("Bringing the database up to date ...")
    upgrade = ["-m", "flask", "--app", "wsgi", "db", "upgrade"]
    run_step("flask db upgrade", upgrade, environment, stop)
    app_url = f"http://127.0.0.1:{options.app_port}"
    _say(f"Starting the app on {app_url} ...")
    gunicorn = ["-m", "gunicorn", "wsgi:app"]
    children.append(Child("the app (gunicorn)", gunicorn, environment))
    wait_until_ready(f"{app_url}/healthz", children, stop)
    if stop.is_set():
        return
    children.append(Child("the worker (celery)", WORKER, environment, quiet=True))
    _say(f"Starting the local Confluence on http://localhost:{options.port}/wiki ...")
    devhost = ["-m", "devhost", "--app", app_url, "--port", str(options.port)]
    devhost += ["--fresh"] if options.fresh else []
    children.append(Child("the local Confluence", devhost, environment, quiet=True))
    wait_until_ready(f"{_api(options.port)}/ready", children, stop)


def _say(line: str) -> None:
    print(line, flush=True)


def _api(port: int) -> str:
    return f"http://localhost:{port}/devhost/api"


def _page(port: int) -> str:
    with local_session() as session:
        page: str = session.get(f"{_api(port)}/ready", timeout=5).json()["page"]
    return page


if __name__ == "__main__":
    sys.exit(main())
