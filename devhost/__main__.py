"""``python -m devhost``: run the local Confluence."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from devhost.installer import InstallerError, install_app
from devhost.modules import first_page
from devhost.pages import bridge
from devhost.products import CONFLUENCE, PRODUCTS
from devhost.server import LocalConfluence
from devhost.signals import StopRequest, stop_request
from devhost.state import StateError

STATE_FILES = {
    product: Path("instance") / f"devhost{suffix}.sqlite3"
    for product, suffix in (("confluence", ""), ("jira", "-jira"))
}
DESCRIPTOR_PATH = "/atlassian-connect.json"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m devhost",
        description="A local Confluence for developing Atlassian Connect apps.",
        epilog="It listens on loopback only: its administrator's password is public "
        "(admin:admin), and it signs whatever the person at the browser asks for.",
    )
    parser.add_argument(
        "--app",
        metavar="URL",
        help="install the app that runs there, such as http://127.0.0.1:8080; "
        "without it, wait for an app to install itself",
    )
    parser.add_argument(
        "--port", type=port_number, default=8090, help="listen there (default: 8090)"
    )
    parser.add_argument(
        "--product",
        choices=PRODUCTS,
        default=CONFLUENCE.name,
        help="the product of the site (default: %(default)s); "
        "jira has no issues: only app pages, app properties, license, dynamic modules",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget everything and start anew"
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        type=Path,
        help="remember everything there "
        f"(default: {STATE_FILES['confluence']}; for Jira {STATE_FILES['jira']})",
    )
    options = parser.parse_args(arguments)
    options.state = options.state or STATE_FILES[options.product]
    return options


def port_number(text: str) -> int:
    """Parse a TCP port for argparse.

    :raises argparse.ArgumentTypeError: if it is none.
    """
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal asks to stop; return the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(format="confluence  %(message)s", stream=sys.stderr)
    logging.getLogger("devhost").setLevel(logging.INFO)
    try:
        confluence = _open(options)
    except StateError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(
            f"cannot listen on 127.0.0.1:{options.port}: {error.strerror or error}. "
            "Stop the program that uses it, or choose another port with --port."
        )
    with stop_request() as stop, confluence:
        return _serve(confluence, options.app, stop)


def _open(options: argparse.Namespace) -> LocalConfluence:
    if options.fresh:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{options.state}{suffix}").unlink(missing_ok=True)
    return LocalConfluence(
        port=options.port, state=options.state, product=options.product
    )


def _serve(confluence: LocalConfluence, app: str | None, stop: StopRequest) -> int:
    if not bridge.is_installed():
        logging.getLogger("devhost").warning(bridge.MISSING)
    if app is None:
        page = f"{confluence.base_url}/"
        logging.getLogger("devhost").info("waiting for an app to install itself")
    else:
        try:
            page = _install(confluence, app)
        except InstallerError as error:
            return _fail(f"cannot install the app at {app}: {error}")
    confluence.site.page_to_open = page
    print(f"Open {page}", flush=True)
    stop.wait()
    return 0


def _install(confluence: LocalConfluence, app: str) -> str:
    app_key = install_app(confluence.base_url, app.rstrip("/") + DESCRIPTOR_PATH)
    installation = confluence.site.installations.find_installed(app_key)
    page = installation and first_page(confluence.site, installation)
    return confluence.origin + page.address if page else f"{confluence.base_url}/"


def _fail(message: str) -> int:
    print(f"devhost: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
