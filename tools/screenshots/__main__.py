"""``python -m tools.screenshots``, or ``make screenshots``."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devhost.pages import bridge
from devhost.signals import StopRequest, stop_request

from tools.screenshots.errors import ScreenshotsError
from tools.screenshots.stack import running

FOLDER = Path("docs") / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_PLAYWRIGHT = "Playwright is not installed: run `make install`"
NO_BROWSER = (
    "no Chromium on the PATH: install one (Debian's package is chromium), "
    "or name its program with --browser"
)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.screenshots",
        description="Photograph the app and the local Confluence for the docs. Both "
        "run on free ports, with their own databases.",
    )
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        type=Path,
        default=FOLDER,
        help="the folder for the pictures (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        metavar="SCENE",
        action="append",
        help="only this scene, such as inspector; can be repeated",
    )
    parser.add_argument(
        "--browser",
        metavar="PROGRAM",
        help="a Chromium (default: the first on the PATH of "
        + ", ".join(BROWSERS)
        + ")",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures; return the exit code."""
    options = parse_arguments(arguments)
    with stop_request() as stop:
        try:
            _run(options, stop)
        except ScreenshotsError as error:
            print(f"screenshots: {error}", file=sys.stderr)
            return 1
    return 0


def _run(options: argparse.Namespace, stop: StopRequest) -> None:
    browser = find_browser(options.browser)
    try:
        from tools.screenshots.camera import Camera, chosen_scenes
    except ModuleNotFoundError as error:
        raise ScreenshotsError(NO_PLAYWRIGHT) from error
    if not bridge.is_installed():
        raise ScreenshotsError(bridge.MISSING)
    scenes = chosen_scenes(options.only)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        print("Starting the app and the local Confluence ...", flush=True)
        with running(Path(folder), stop) as stack, Camera(browser, stack) as camera:
            options.to.mkdir(parents=True, exist_ok=True)
            for number, scene in enumerate(scenes, 1):
                if stop.is_set():
                    raise ScreenshotsError("interrupted")
                said = camera.take(scene, options.to)
                print(f"[{number}/{len(scenes)}] {said}", flush=True)


def find_browser(program: str | None) -> str:
    """Return the path of *program*, or of the first Chromium on the PATH.

    :raises ScreenshotsError: if it is not found.
    """
    for name in [program] if program else BROWSERS:
        if path := shutil.which(name):
            return path
    raise ScreenshotsError(f"{program} is no program" if program else NO_BROWSER)


if __name__ == "__main__":
    sys.exit(main())
