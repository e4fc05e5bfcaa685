"""Command line options of ``python -m devhost``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Never
from urllib.parse import urlsplit

from devhost.site.products import CONFLUENCE, JIRA, PRODUCTS

STATE_FILES = {
    CONFLUENCE.name: Path("instance") / "devhost.sqlite3",
    JIRA.name: Path("instance") / "devhost-jira.sqlite3",
}
DESCRIPTOR_PATH = "/atlassian-connect.json"
LOOPBACK_ONLY = (
    "It listens on loopback only, and no option changes that: its administrator's "
    "password is public (admin:admin), and it signs whatever the person at the "
    "browser asks for. To use it from another machine, forward the port: "
    "ssh -L 8090:localhost:8090 this-machine"
)
EXIT_CODES = (
    "Exit code: 0 after Ctrl-C or SIGTERM, 1 if it cannot start or install the app, "
    "2 for an invalid option."
)


class _NoSuchAddress(argparse.Action):
    """Explains why there is no ``--host``."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> Never:
        parser.error(LOOPBACK_ONLY)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    :raises SystemExit: 0 after ``--help``, 2 if an option is wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m devhost",
        description="A local Confluence, or Jira, for developing Connect apps.",
        epilog=f"{LOOPBACK_ONLY}. {EXIT_CODES}",
    )
    parser.add_argument(
        "--app",
        metavar="URL",
        type=app_url,
        help="install the app at this URL, such as http://127.0.0.1:8080; "
        "without it, wait for an app to install itself",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=8090,
        help="the port to listen on (default: 8090)",
    )
    parser.add_argument(
        "--product",
        choices=PRODUCTS,
        default=CONFLUENCE.name,
        help="the product of the site (default: %(default)s); jira has no issues: it "
        "shows pages, and has app properties, license, dynamic modules and permissions",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget everything and start over"
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        type=Path,
        help="the file to keep the state in (default: "
        f"{STATE_FILES[CONFLUENCE.name]}, for Jira {STATE_FILES[JIRA.name]})",
    )
    parser.add_argument(
        "--host", "--bind", nargs="?", action=_NoSuchAddress, help=argparse.SUPPRESS
    )
    options = parser.parse_args(arguments)
    options.state = options.state or STATE_FILES[options.product]
    return options


def port_number(text: str) -> int:
    """Parse a TCP port for argparse.

    :raises argparse.ArgumentTypeError: if it is not a port.
    """
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def app_url(text: str) -> str:
    """Parse an app's base URL, or that of its descriptor, for argparse.

    :raises argparse.ArgumentTypeError: if it is not an app's URL.
    """
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_address = False
    if not is_address:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the address of an app: write one such as http://127.0.0.1:8080"
        )
    return text.removesuffix(DESCRIPTOR_PATH).rstrip("/")
