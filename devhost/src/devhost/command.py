"""The run of ``python -m devhost``, between its options and its exit code."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable, Sequence

from devhost.install.upm_client import InstallerError, Interrupted, install_app
from devhost.modules.module import first_page
from devhost.options import DESCRIPTOR_PATH, parse_arguments
from devhost.pages import bridge
from devhost.server import LocalConfluence
from devhost.signals import StopRequest
from devhost.site.installations import Installations
from devhost.site.state import StateError

logger = logging.getLogger("devhost")


def run(
    arguments: Sequence[str] | None,
    stop: StopRequest,
    stopping: Callable[[], None],
) -> int:
    """Run until a stop is requested; return the exit code."""
    options = parse_arguments(arguments)
    logging.basicConfig(format=f"{options.product}  %(message)s", stream=sys.stderr)
    logger.setLevel(logging.INFO)
    try:
        confluence = LocalConfluence(
            port=options.port,
            state=options.state,
            product=options.product,
            fresh=options.fresh,
        )
    except StateError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(_cannot_listen(options.port, error))
    with confluence:
        code = _serve(confluence, options, stop)
        stopping()
    return code


def _cannot_listen(port: int, error: OSError) -> str:
    message = f"cannot listen on 127.0.0.1:{port}: {error.strerror or error}. "
    if error.errno == errno.EACCES:
        return message + "Choose a port from 1024 on with --port."
    return message + (
        "Stop the program that uses it, or choose another port with --port."
    )


def _serve(
    confluence: LocalConfluence, options: argparse.Namespace, stop: StopRequest
) -> int:
    if not bridge.is_installed():
        logger.warning(bridge.MISSING)
    page = f"{confluence.base_url}/"
    if options.app is None:
        logger.info("waiting for an app to install itself")
    else:
        try:
            page = _install(confluence, options.app, stop) or page
        except InstallerError as error:
            return _fail(f"cannot install the app at {options.app}: {error}")
        except Interrupted:
            return 0
    confluence.site.page_to_open = page
    print(f"Open {page}", flush=True)
    stop.wait()
    return 0


def _install(confluence: LocalConfluence, app: str, stop: StopRequest) -> str | None:
    address = app + DESCRIPTOR_PATH
    app_key = install_app(confluence.base_url, address, pause=stop.wait)
    installation = confluence.site.get(Installations).find_installed(app_key)
    page = installation and first_page(confluence.site, installation)
    return confluence.origin + page.address if page else None


def _fail(message: str) -> int:
    print(f"devhost: {message}", file=sys.stderr)
    return 1
